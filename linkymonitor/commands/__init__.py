"""What each command does: reads its settings, puts the parts together, lets them run."""

# Strategy
#
# - A part is imported by the command that needs it: `decode` must not wait for gpiozero, nor `acquire` for
#   jinja2.
# - What is not a meter (a file, stdin, sim:) never reaches the real log: it needs a log directory by name.
