// Draws the day. Every word that is shown comes from the data block.
(function () {
  var day = window.linkymonitorDay, holder = document.getElementById("chart");
  if (!day || !holder || typeof Dygraph === "undefined") return;
  var D = day.data, W = D.words, times = day.times, columns = day.columns, below = day.below, above = day.above;
  var clock = day.clock, tickLabel = day.tickLabel, number = day.number, firstFrom = day.firstFrom;
  var memory = "linkymonitor:" + location.pathname;

  function recall() { try { return JSON.parse(sessionStorage.getItem(memory)) || {}; } catch (e) { return {}; } }
  function remember(state) { try { sessionStorage.setItem(memory, JSON.stringify(state)); } catch (e) { /* private window */ } }
  var shown = D.series.map(function (serie) {
    // Indexes are drawn as kWh since the first record; the readout shows whole indexes.
    return serie.key === "index" ? function (v, at, column) { return (v - column[0]) / 1000; } : function (v) { return v; };
  });
  var rows = [], place = [], holes = D.gaps.slice(), highest = [];
  function blank(time) { rows.push([time].concat(columns.map(function () { return null; }))); place.push(-1); }
  // The axis covers the whole day, the part without records included.
  if (times[0] > 0) blank(0);
  times.forEach(function (time, at) {
    while (holes.length && holes[0][0] < time && holes[0][1] <= time + 1) {
      var hole = holes.shift();
      if (hole[0] > 0) blank(hole[0] + 0.5);
      // The strip below the chart drops a point on the pixel of the point before, so a second blank stands further on.
      blank((hole[0] + hole[1]) / 2);
    }
    rows.push([time].concat(columns.map(function (column, n) { return shown[n](column[at], at, column); })));
    place.push(at);
    highest.push(columns[0][at] + above[at]);
  });
  if (times[times.length - 1] < D.length) { blank(times[times.length - 1] + 0.5); blank(D.length); }

  var STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600];
  function ticker(from, to, pixels) {
    var room = Math.max(2, Math.floor(pixels / 66)), step = STEPS[STEPS.length - 1], ticks = [];
    for (var n = 0; n < STEPS.length; n++) if ((to - from) / STEPS[n] <= room) { step = STEPS[n]; break; }
    D.hours.forEach(function (hour, at) {
      var end = at + 1 < D.hours.length ? D.hours[at + 1][0] : D.length;
      if (step >= 3600) {
        var crowded = ticks.length && hour[0] - ticks[ticks.length - 1].v < step * 0.6;
        if (hour[1] % (step / 3600) === 0 && hour[0] >= from && hour[0] <= to && !crowded) ticks.push({ v: hour[0], label: tickLabel(hour[0]) });
      } else {
        for (var time = hour[0]; time < end; time += step) if (time >= from && time <= to) ticks.push({ v: time, label: tickLabel(time) });
      }
    });
    return ticks;
  }

  var ink = {};
  function colours() {
    var style = getComputedStyle(document.documentElement);
    ["card", "ink", "soft", "rule", "use", "inj", "amp", "peak"].forEach(function (name) { ink[name] = style.getPropertyValue("--" + name).trim(); });
    D.bands.forEach(function (band) { ink["b-" + band[2]] = style.getPropertyValue("--b-" + band[2]).trim(); });
    D.series.forEach(function (serie) { if (serie.kind) ink["c-" + serie.kind] = style.getPropertyValue("--c-" + serie.kind).trim(); });
    return D.series.map(function (serie) {
      return serie.key === "power" ? ink.use : serie.key === "injected" ? ink.inj : serie.key === "current" ? ink.amp : ink["c-" + serie.kind];
    });
  }

  // Behind the curves: tariff periods with their names, hatches over the gaps.
  function underlay(ctx, area, g) {
    ctx.save();
    ctx.beginPath(); ctx.rect(area.x, area.y, area.w, area.h); ctx.clip();
    function span(a, b) { var x = Math.max(g.toDomXCoord(a), area.x); return [x, Math.min(g.toDomXCoord(b), area.x + area.w) - x]; }
    D.bands.forEach(function (band) {
      var s = span(band[0], band[1]);
      if (s[1] > 0) { ctx.fillStyle = ink["b-" + band[2]]; ctx.fillRect(s[0], area.y, s[1] + 0.5, area.h); }
    });
    D.gaps.forEach(function (gap) {
      var s = span(gap[0], gap[1]);
      if (s[1] <= 0) return;
      ctx.save();
      ctx.beginPath(); ctx.rect(s[0], area.y, s[1], area.h); ctx.clip();
      ctx.strokeStyle = ink.soft; ctx.globalAlpha = 0.5; ctx.lineWidth = 1; ctx.beginPath();
      for (var x = s[0] - area.h - (s[0] % 7); x < s[0] + s[1]; x += 7) { ctx.moveTo(x, area.y + area.h); ctx.lineTo(x + area.h, area.y); }
      ctx.stroke(); ctx.restore();
    });
    ctx.font = "12px system-ui,sans-serif"; ctx.fillStyle = ink.soft; ctx.textBaseline = "top"; ctx.textAlign = "left";
    D.bands.forEach(function (band) {
      var s = span(band[0], band[1]);
      if (ctx.measureText(band[3]).width + 14 < s[1]) ctx.fillText(band[3], s[0] + 7, area.y + 7);
    });
    D.gaps.forEach(function (gap) {
      var s = span(gap[0], gap[1]), width = ctx.measureText(W.gap).width;
      if (width + 12 > s[1]) return;
      ctx.fillStyle = ink.card; ctx.fillRect(s[0] + s[1] / 2 - width / 2 - 5, area.y + area.h / 2 - 10, width + 10, 20);
      ctx.fillStyle = ink.ink; ctx.fillText(W.gap, s[0] + s[1] / 2 - width / 2, area.y + area.h / 2 - 6);
    });
    ctx.restore();
  }
  // Draws a curve, the area below it, and a pale band from the lowest to the highest power of each record. A point
  // without a value ends a run of points; so does an injected power that stays at zero.
  function paint(e) {
    var ctx = e.drawingContext, g = e.dygraph, n = labels.indexOf(e.setName) - 1, serie = D.series[n], points = e.points;
    var runs = [], run = [];
    function idle(point) { return !point || !point.yval; }
    points.forEach(function (point, at) {
      var silent = point.yval === null || isNaN(point.canvasy);
      if (silent || (serie.key === "injected" && idle(point) && idle(points[at - 1]) && idle(points[at + 1]))) {
        if (run.length) runs.push(run);
        run = [];
      } else run.push(point);
    });
    if (run.length) runs.push(run);
    // The injected power is drawn in steps: the value of a record holds from the end of the record before.
    var stepped = serie.key === "injected";
    function trace(run) {
      ctx.beginPath();
      run.forEach(function (point, at) {
        if (at && stepped) ctx.lineTo(run[at - 1].canvasx, point.canvasy);
        if (at) ctx.lineTo(point.canvasx, point.canvasy); else ctx.moveTo(point.canvasx, point.canvasy);
      });
    }
    ctx.save();
    ctx.lineJoin = "round"; ctx.strokeStyle = ctx.fillStyle = e.color; ctx.lineWidth = e.strokeWidth;
    if (serie.key === "current") ctx.setLineDash([2, 3]);
    runs.forEach(function (run) {
      var last = run[run.length - 1];
      if (serie.key === "power" || serie.key === "injected") {
        var floor = g.toDomYCoord(0, 0);
        trace(run); ctx.lineTo(last.canvasx, floor); ctx.lineTo(run[0].canvasx, floor); ctx.closePath();
        ctx.globalAlpha = 0.22; ctx.fill();
      }
      if (n === 0) {
        ctx.beginPath();
        run.forEach(function (point) { var at = place[point.idx]; ctx.lineTo(point.canvasx, g.toDomYCoord(columns[0][at] + above[at], 0)); });
        run.slice().reverse().forEach(function (point) { var at = place[point.idx]; ctx.lineTo(point.canvasx, g.toDomYCoord(columns[0][at] - below[at], 0)); });
        ctx.globalAlpha = 0.28; ctx.fill();
      }
      ctx.globalAlpha = 1; trace(run); ctx.stroke();
    });
    ctx.restore();
  }

  var state = recall(), boxes = [].slice.call(document.querySelectorAll("[data-series]"));
  if (state.on && state.on.length === boxes.length) boxes.forEach(function (box, n) { box.checked = state.on[n]; });
  function visibility() { return D.series.map(function (_, n) { return boxes[n] ? boxes[n].checked : D.series[n].on; }); }
  // Room above the highest point for the names of the periods.
  var ROOM = 1.12;
  function right(serie) { return serie.key === "current" || serie.key === "index"; }
  // The records that a window shows, with the record before and the record after, as two positions.
  function within(window) { return [Math.max(firstFrom(times, window[0]) - 1, 0), firstFrom(times, window[1]) + 1]; }
  function most(values, part, least) {
    return values.slice(part[0], part[1]).reduce(function (a, b) { return Math.max(a, b); }, least);
  }
  // Both scales follow the window.
  function scales(window) {
    var on = visibility(), part = within(window), left = 500, low = Infinity, high = -Infinity;
    D.series.forEach(function (serie, n) {
      if (!on[n]) return;
      if (n === 0) left = most(highest, part, left);
      else if (serie.key === "injected") left = most(columns[n], part, left);
      else if (serie.key === "current") { low = Math.min(low, 0); high = most(columns[n], part, high); }
      else for (var at = part[0]; at < Math.min(part[1], times.length); at++) {
        var value = shown[n](columns[n][at], at, columns[n]);
        low = Math.min(low, value); high = Math.max(high, value);
      }
    });
    if (!(high > low)) { low = Math.min(low, 0); high = low + 1; }
    return [[0, left * ROOM], isFinite(low) ? [low, low + (high - low) * ROOM] : [0, 1]];
  }
  function kva(value) { return value === 0 ? "0" : number(value / 1000, value % 1000 ? (value % 100 ? 2 : 1) : 0) + "\u00a0kVA"; }

  var readout = document.getElementById("readout");
  function read(time, at) {
    readout.textContent = "";
    function say(name, value) {
      var part = document.createElement("span"), strong = document.createElement("b");
      part.append(name + " "); strong.textContent = value; part.append(strong); readout.append(part);
    }
    if (at === null || at < 0) {
      var hint = document.createElement("span");
      hint.textContent = at === null ? W.rest : W.gap;
      readout.append(hint);
      return;
    }
    function add(text, kind) {
      var part = document.createElement("span");
      part.textContent = text; part.className = kind; readout.append(part);
    }
    say("", clock(time, true));
    var on = visibility();
    D.series.forEach(function (serie, n) {
      if (!on[n]) return;
      var value = columns[n][at];
      if (serie.key === "index") say(serie.label, number(value / 1000, 3) + "\u00a0kWh");
      else if (serie.key === "current") say(serie.label, number(value, 0) + "\u00a0A");
      else if (n === 0) {
        say(serie.label, number(value, 0) + "\u00a0VA");
        if (above[at] || below[at]) add(W.span.replace("{}", number(value - below[at], 0)).replace("{}", number(value + above[at], 0)), "extremes");
      } else if (value) say(serie.label, number(value, 0) + "\u00a0VA");
    });
    var band = day.bandAt(time), drawn = columns[0][at];
    if (!band) return;
    // Computed from VA; the watts, which are paid for, are at most the VA: hence the ≈ in the text.
    if (band[4] !== null && drawn) say(band[3], W.rate.replace("{}", number(drawn / 1000 * band[4], 2)));
    else add(band[3], "");
  }
  var summary = document.getElementById("range");
  function sumUp(window) {
    var whole = window[0] <= 0 && window[1] >= D.length, sum = whole ? null : day.energy(window[0], window[1]);
    if (whole) { summary.textContent = W.pick; return; }
    var text = W.range.replace("{}", clock(window[0])).replace("{}", clock(window[1]));
    if (sum) text += W.colon + number(sum.wh / 1000, 3) + "\u00a0kWh" + (sum.eur === null ? "" : ", " + W.money.replace("{}", number(sum.eur, 2)));
    summary.textContent = text;
  }

  holder.textContent = "";
  var whole = [0, D.length], series = {}, labels = ["t"];
  D.series.forEach(function (serie) {
    labels.push(serie.label);
    series[serie.label] = serie.key === "power" ? { strokeWidth: 1.6 }
      : serie.key === "injected" ? { strokeWidth: 1.8 }
      : serie.key === "current" ? { axis: "y2", strokeWidth: 1.5 } : { axis: "y2", strokeWidth: 2 };
  });
  function secondAxis() {
    var on = visibility(), seen = D.series.some(function (serie, n) { return on[n] && right(serie); });
    var hint = document.getElementById("axis-hint");
    if (hint) hint.hidden = !D.series.some(function (serie, n) { return on[n] && serie.key === "index"; });
    // Room for another line, so that reading the curve does not move it.
    document.getElementById("readout").classList.toggle("more", seen);
    return seen;
  }
  // Fingers are handled below, so Dygraphs gets no touches.
  var touchless = {};
  Object.keys(Dygraph.defaultInteractionModel).forEach(function (name) { if (name.indexOf("touch") !== 0) touchless[name] = Dygraph.defaultInteractionModel[name]; });
  // The strip below has the first curve that is shown, in its colour.
  function strip() {
    var first = Math.max(visibility().indexOf(true), 0);
    D.series.forEach(function (serie, n) { series[serie.label].showInRangeSelector = n === first; });
    return colours()[first];
  }
  function rightLabel(value) {
    var on = visibility(), amperes = D.series.some(function (serie, n) { return on[n] && serie.key === "current"; });
    value = Math.round(value * 1000) / 1000;
    return number(value, String(value % 1).length > 4 ? 2 : value % 1 ? 1 : 0) + (amperes ? "\u00a0A" : "\u00a0kWh");
  }

  function options(window) {
    var pen = strip(), scale = scales(window || (graph ? graph.xAxisRange() : whole));
    return {
      colors: colours(), visibility: visibility(), series: series, axisLineColor: ink.rule, gridLineColor: ink.rule, rangeSelectorPlotStrokeColor: pen,
      rangeSelectorPlotFillColor: pen + "55", rangeSelectorPlotFillGradientColor: pen + "22", rangeSelectorBackgroundStrokeColor: ink.rule,
      rangeSelectorForegroundStrokeColor: ink.soft, rangeSelectorAlpha: 0.35,
      axes: {
        x: { ticker: ticker, axisLabelFormatter: tickLabel, valueFormatter: function (v) { return clock(v, true); }, drawGrid: true, axisLabelWidth: 64 },
        y: { valueRange: scale[0], axisLabelFormatter: kva, axisLabelWidth: 58, includeZero: true },
        y2: { valueRange: scale[1], drawAxis: secondAxis(), drawGrid: false, independentTicks: true, includeZero: true, axisLabelWidth: secondAxis() ? 62 : 8, axisLabelFormatter: rightLabel }
      }
    };
  }
  // The chart on an A4 sheet, in pixels; it leaves room for phases, and for the quality of the measure beside them.
  function paperHeight() {
    if (!document.querySelector(".phases")) return 320;
    return document.querySelector("section > details[open]:not(.more)") ? 175 : 240;
  }
  var graph = null;
  var setup = options(state.window);
  Object.assign(setup, {
    labels: labels, legend: "never", showRangeSelector: true, rangeSelectorHeight: 34, dateWindow: state.window || whole,
    connectSeparatedPoints: false, highlightCircleSize: 5, hideOverlayOnMouseOut: false, drawHighlightPointCallback: marker, underlayCallback: underlay, plotter: paint,
    interactionModel: touchless, xRangePad: 0, yRangePad: 0, animatedZooms: false, rightGap: 8,
    highlightCallback: function (e, x, points, row) { if (pointer === "mouse") pinned = false; if (!pinned) { at = row; readRow(); } },
    unhighlightCallback: function () { if (!pinned) letGo(); },
    drawCallback: drawn,
    zoomCallback: function () { if (graph.xAxisRange()[1] - graph.xAxisRange()[0] < 60) zoom(1); }
  });
  // The row that is read, and whether a finger or a key has chosen it: then it stays when the mouse leaves.
  var at = -1, pinned = false, pointer = "mouse";
  function marker(g, name, ctx, x, y, colour, radius, row) {
    var column = labels.indexOf(name);
    if (D.series[column - 1].key === "injected" && !g.getValue(row, column)) return;
    ctx.beginPath(); ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fillStyle = colour; ctx.strokeStyle = ink.card; ctx.lineWidth = 2; ctx.fill(); ctx.stroke();
  }
  var hair = document.createElement("div");
  hair.className = "hair"; hair.hidden = true;
  function readRow() {
    var range = graph.xAxisRange(), area = graph.getArea();
    read(rows[at][0], place[at]);
    hair.hidden = rows[at][0] < range[0] || rows[at][0] > range[1];
    hair.style.left = graph.toDomXCoord(rows[at][0]) + "px"; hair.style.top = area.y + "px"; hair.style.height = area.h + "px";
  }
  function choose(row) {
    at = row; pinned = true;
    graph.clearSelection(); graph.setSelection(row);
    readRow();
  }
  function letGo() {
    at = -1; pinned = false; hair.hidden = true;
    graph.clearSelection(); read(0, null);
  }
  function drawn(g, first) {
    sumUp(g.xAxisRange());
    if (first || !graph) return;
    if (at >= 0) { graph.clearSelection(); graph.setSelection(at); readRow(); }
    keep();
  }
  function keep() { if (graph) remember({ window: graph.xAxisRange(), on: visibility() }); }
  graph = new Dygraph(holder, rows, setup);
  // Dygraphs has no callback between a new window and its drawing, so a private method is replaced: the shipped
  // version of Dygraphs does not change.
  graph.computeYAxisRanges_ = function (extremes) {
    var scale = scales(graph.xAxisRange());
    graph.axes_.forEach(function (axis, n) { axis.valueRange = scale[n]; });
    Dygraph.prototype.computeYAxisRanges_.call(graph, extremes);
  };
  window.linkymonitor = graph;
  holder.append(hair);
  // The handles of the strip have no text for screen readers: the keys do the same.
  holder.querySelectorAll("img").forEach(function (handle) { handle.alt = ""; });
  read(0, null);

  var wide = secondAxis();
  function redraw() {
    graph.updateOptions(options());
    if (wide === secondAxis()) return;
    // Dygraphs goes on clipping to the old area until its canvas is made anew, which takes another size.
    wide = !wide;
    graph.resize(holder.clientWidth, holder.clientHeight - 1);
    holder.style.width = holder.style.height = "";
    graph.resize();
  }
  // The right scale has one unit: showing an index hides the amperes, and the other way round.
  boxes.forEach(function (box, n) {
    box.addEventListener("change", function () {
      var key = D.series[n].key;
      if (box.checked && right(D.series[n])) boxes.forEach(function (other, m) { if (right(D.series[m]) && D.series[m].key !== key) other.checked = false; });
      redraw(); keep();
    });
  });
  function zoom(factor) {
    // The point that is read stays where it is.
    var range = graph.xAxisRange(), width = range[1] - range[0], wider = Math.min(Math.max(width * factor, 120), D.length);
    var fixed = at >= 0 && rows[at][0] >= range[0] && rows[at][0] <= range[1] ? rows[at][0] : (range[0] + range[1]) / 2;
    var before = (fixed - range[0]) / width * wider;
    show(fixed - before, fixed - before + wider);
  }
  function show(a, b) {
    if (a < 0) { b -= a; a = 0; }
    if (b > D.length) { a = Math.max(0, a - (b - D.length)); b = D.length; }
    graph.updateOptions({ dateWindow: [a, b] });
  }
  document.querySelectorAll(".tools").forEach(function (tools) { tools.hidden = false; });
  document.querySelectorAll("[data-zoom]").forEach(function (button) {
    button.addEventListener("click", function () {
      var what = button.getAttribute("data-zoom");
      if (what === "all") show(0, D.length); else zoom(what === "in" ? 0.5 : 2);
    });
  });
  // A double click shows the whole day again, the part without records included.
  holder.addEventListener("dblclick", function () { setTimeout(function () { show(0, D.length); }, 0); });
  function follow(time) {
    var range = graph.xAxisRange(), width = range[1] - range[0];
    if (time < range[0] || time > range[1]) show(time - width / 2, time + width / 2);
  }
  holder.addEventListener("keydown", function (e) {
    var move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (move) {
      var range = graph.xAxisRange(), pace = Math.max(1, Math.round(rows.length * (range[1] - range[0]) / D.length / 200));
      choose(at < 0 ? rows.findIndex(function (row) { return row[0] >= range[0]; }) : Math.min(Math.max(at + move * pace, 0), rows.length - 1));
      follow(rows[at][0]);
    } else if (e.key === "+" || e.key === "=") zoom(0.5);
    else if (e.key === "-" || e.key === "−") zoom(2);
    else if (e.key === "Escape") { letGo(); show(0, D.length); }
    else return;
    e.preventDefault();
  });

  // One finger reads, two zoom and move; up and down scrolls the page (touch-action).
  var fingers = {}, grip = null;
  function sorted() { return Object.keys(fingers).map(function (id) { return fingers[id]; }).sort(function (a, b) { return a - b; }); }
  function across(e) { return e.clientX - holder.getBoundingClientRect().left; }
  function touched() {
    var xs = sorted(), area = graph.getArea();
    if (xs.length === 1) {
      var row = firstFrom(clocks, graph.toDataXCoord(Math.min(Math.max(xs[0], area.x), area.x + area.w)));
      if (row > 0 && (row === clocks.length || clocks[row] + clocks[row - 1] > 2 * graph.toDataXCoord(xs[0]))) row--;
      choose(row);
    } else if (grip && xs[1] - xs[0] > 10) {
      var pace = Math.min(Math.max((grip[1] - grip[0]) / (xs[1] - xs[0]), 120 / area.w), D.length / area.w);
      var from = grip[0] - (xs[0] - area.x) * pace;
      show(from, from + pace * area.w);
    }
  }
  var clocks = rows.map(function (row) { return row[0]; });
  ["pointerdown", "pointermove"].forEach(function (name) { holder.addEventListener(name, function (e) { pointer = e.pointerType; }, true); });
  holder.addEventListener("pointerdown", function (e) {
    var area = graph.getArea(), y = e.clientY - holder.getBoundingClientRect().top;
    if (e.pointerType === "mouse" || y > area.y + area.h) return;
    fingers[e.pointerId] = across(e);
    grip = Object.keys(fingers).length === 2 ? sorted().map(function (x) { return graph.toDataXCoord(x); }) : null;
    touched();
  });
  holder.addEventListener("pointermove", function (e) {
    if (!(e.pointerId in fingers)) return;
    fingers[e.pointerId] = across(e);
    touched();
  });
  ["pointerup", "pointercancel"].forEach(function (name) {
    holder.addEventListener(name, function (e) { delete fingers[e.pointerId]; grip = null; });
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper is light and narrow: the curve is drawn again for it, and back. A canvas that changes its size while the
  // page goes to the printer comes out blank, so paper gets pictures of the canvases.
  var pictures = [];
  function unprint() {
    pictures.forEach(function (picture) { picture.remove(); });
    pictures = [];
  }
  addEventListener("beforeprint", function () {
    unprint();
    document.documentElement.classList.add("printing");
    graph.updateOptions(Object.assign(options(), { showRangeSelector: false, pixelRatio: 3, dateWindow: graph.xAxisRange() }), true);
    graph.resize(690, paperHeight());
    holder.querySelectorAll("canvas").forEach(function (canvas) {
      var picture = new Image();
      picture.alt = ""; picture.className = "paper"; picture.src = canvas.toDataURL();
      ["left", "top", "width", "height"].forEach(function (side) { picture.style[side] = canvas.style[side]; });
      canvas.parentNode.insertBefore(picture, canvas);
      pictures.push(picture);
    });
  });
  addEventListener("afterprint", function () {
    unprint();
    document.documentElement.classList.remove("printing");
    holder.style.width = holder.style.height = "";
    graph.updateOptions(Object.assign(options(), { showRangeSelector: true, pixelRatio: null }), true);
    graph.resize(null, null); graph.resize();
  });
})();
