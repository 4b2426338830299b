"use strict";
// Draws the day. Everything it says comes in the data block: this script holds no word of its own.
// Time runs in seconds since the local day began, so neither the browser's zone nor a change of hour moves it;
// the names of the hours come with the data, twice the same on the day that has 25.
(function () {
  var block = document.getElementById("data");
  if (!block) return;
  var D = JSON.parse(block.textContent), W = D.words;
  var memory = "linkymonitor:" + location.pathname;

  function recall() { try { return JSON.parse(sessionStorage.getItem(memory)) || {}; } catch (e) { return {}; } }
  function remember(state) { try { sessionStorage.setItem(memory, JSON.stringify(state)); } catch (e) { /* private window */ } }

  if (D.refresh) setTimeout(function () { location.reload(); }, D.refresh * 1000);
  var holder = document.getElementById("chart");
  if (!holder || !D.times || typeof Dygraph === "undefined") return;

  // Columns are differences; [n] stands for n zeros.
  function plain(column) {
    var out = [];
    column.forEach(function (item) {
      if (typeof item === "number") out.push(item);
      else for (var n = item[0]; n > 0; n--) out.push(0);
    });
    return out;
  }
  function running(column) {
    var sum = 0;
    return plain(column).map(function (step) { return (sum += step); });
  }

  var times = running(D.times), below = plain(D.below), above = plain(D.above);
  var columns = D.series.map(function (serie) { return running(serie.values); });
  var shown = D.series.map(function (serie) {
    // Indexes are drawn from midnight on, in kWh, beside amperes; the readout says them whole.
    return serie.key === "index" ? function (v, at, column) { return (v - column[0]) / 1000; } : function (v) { return v; };
  });
  var rows = [], place = [], holes = D.gaps.slice(), high = [];
  function blank(time) { rows.push([time].concat(columns.map(function () { return null; }))); place.push(-1); }
  // The axis is the whole day, whatever of it was heard.
  if (times[0] > 0) blank(0);
  times.forEach(function (time, at) {
    while (holes.length && holes[0][0] < time && holes[0][1] <= time + 1) {
      var hole = holes.shift();
      if (hole[0] > 0) blank(hole[0] + 0.5);
      // The strip below the chart leaves out what falls on the pixel before: it needs another, further on.
      blank((hole[0] + hole[1]) / 2);
    }
    rows.push([time].concat(columns.map(function (column, n) { return shown[n](column[at], at, column); })));
    place.push(at);
    high.push(columns[0][at] + above[at]);
  });
  if (times[times.length - 1] < D.length) { blank(times[times.length - 1] + 0.5); blank(D.length); }

  function pad(n) { return (n < 10 ? "0" : "") + n; }
  function hourOf(time) {
    var at = 0;
    while (at + 1 < D.hours.length && D.hours[at + 1][0] <= time) at++;
    return D.hours[at];
  }
  function clock(time, seconds) {
    var hour = hourOf(time), rest = Math.round(time - hour[0]), m = Math.floor(rest / 60), s = rest % 60;
    var text = W.clock.replace("{h}", W.pad ? pad(hour[1]) : hour[1]).replace("{m}", pad(m));
    if (seconds) text += W.seconds.replace("{s}", pad(s));
    return text + (hour[2] ? " " + hour[2] : "");
  }
  function tickLabel(time) {
    var hour = hourOf(time), rest = Math.round(time - hour[0]);
    return rest ? clock(time) : W.hour.replace("{h}", W.pad ? pad(hour[1]) : hour[1]);
  }
  function number(value, places) {
    return value.toLocaleString(D.lang, { minimumFractionDigits: places, maximumFractionDigits: places });
  }

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
  // A curve, its ground, and for the power a veil between the lowest and the highest of each record. A point
  // without a value ends a run; so does an injection that stays at zero, whose line would say nothing.
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
    // What is injected starts and stops at once: a record is worth what it says from the one before on.
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
  // Above the highest point: the names of the periods stand there.
  var ROOM = 1.12;
  function right(serie) { return serie.key === "current" || serie.key === "index"; }
  function top() {
    var on = visibility(), most = 500;
    if (on[0]) most = high.reduce(function (a, b) { return Math.max(a, b); }, most);
    D.series.forEach(function (serie, n) { if (n && on[n] && serie.key === "injected") most = columns[n].reduce(function (a, b) { return Math.max(a, b); }, most); });
    return [0, most * ROOM];
  }
  function rightRange() {
    var on = visibility(), least = 0, most = 0;
    D.series.forEach(function (serie, n) {
      if (!on[n] || !right(serie)) return;
      columns[n].forEach(function (value, at, column) {
        value = shown[n](value, at, column);
        if (value > most) most = value;
        if (value < least) least = value;
      });
    });
    return [least, most > least ? least + (most - least) * ROOM : least + 1];
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
    say("", clock(time, true));
    var on = visibility();
    D.series.forEach(function (serie, n) {
      if (!on[n]) return;
      var value = columns[n][at];
      if (serie.key === "index") say(serie.label, number(value / 1000, 3) + "\u00a0kWh");
      else if (serie.key === "current") say(serie.label, number(value, 0) + "\u00a0A");
      else {
        say(serie.label, number(value, 0) + "\u00a0VA");
        if (n === 0 && (above[at] || below[at])) {
          var span = document.createElement("span");
          span.textContent = W.span.replace("{}", number(value - below[at], 0)).replace("{}", number(value + above[at], 0));
          readout.append(span);
        }
      }
    });
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
    if (hint) hint.hidden = !seen;
    // Room for two lines, so that reading the curve does not move it.
    document.getElementById("readout").style.minHeight = seen ? "3em" : "";
    return seen;
  }
  // Touch scrolls the page: only the mouse and the range selector zoom.
  var touchless = {};
  Object.keys(Dygraph.defaultInteractionModel).forEach(function (name) { if (name.indexOf("touch") !== 0) touchless[name] = Dygraph.defaultInteractionModel[name]; });

  function options() {
    return {
      colors: colours(), visibility: visibility(), axisLineColor: ink.rule, gridLineColor: ink.rule, rangeSelectorPlotStrokeColor: ink.use,
      rangeSelectorPlotFillColor: ink.use + "55", rangeSelectorPlotFillGradientColor: ink.use + "22", rangeSelectorBackgroundStrokeColor: ink.rule,
      rangeSelectorForegroundStrokeColor: ink.soft, rangeSelectorAlpha: 0.35,
      axes: {
        x: { ticker: ticker, axisLabelFormatter: tickLabel, valueFormatter: function (v) { return clock(v, true); }, drawGrid: true, axisLabelWidth: 64 },
        y: { valueRange: top(), axisLabelFormatter: kva, axisLabelWidth: 58, includeZero: true },
        y2: { valueRange: rightRange(), drawAxis: secondAxis(), drawGrid: false, independentTicks: true, includeZero: true, axisLabelWidth: secondAxis() ? 40 : 8, axisLabelFormatter: function (v) { return number(v, v % 1 ? 1 : 0); } }
      }
    };
  }
  var setup = options();
  Object.assign(setup, {
    labels: labels, series: series, legend: "never", showRangeSelector: true, rangeSelectorHeight: 34, dateWindow: state.window || whole,
    connectSeparatedPoints: false, highlightCircleSize: 4, underlayCallback: underlay, plotter: paint,
    interactionModel: touchless, xRangePad: 0, yRangePad: 0, animatedZooms: false, rightGap: 8,
    highlightCallback: function (e, x, points, row) { read(x, place[row]); },
    unhighlightCallback: function () { read(0, null); },
    drawCallback: function (g, first) { if (!first) keep(); },
    zoomCallback: function () { if (graph.xAxisRange()[1] - graph.xAxisRange()[0] < 60) zoom(1); }
  });
  // The chart on an A4 sheet, in pixels.
  var PAPER = [690, 320];
  var graph = null;
  function keep() { if (graph) remember({ window: graph.xAxisRange(), on: visibility() }); }
  graph = new Dygraph(holder, rows, setup);
  window.linkymonitor = graph;
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
  boxes.forEach(function (box) { box.addEventListener("change", function () { redraw(); keep(); }); });
  function zoom(factor) {
    var range = graph.xAxisRange(), middle = (range[0] + range[1]) / 2, half = Math.max((range[1] - range[0]) * factor, 120) / 2;
    show(middle - half, middle + half);
  }
  function show(a, b) {
    if (a < 0) { b -= a; a = 0; }
    if (b > D.length) { a = Math.max(0, a - (b - D.length)); b = D.length; }
    graph.updateOptions({ dateWindow: [a, b] });
  }
  var tools = document.querySelector(".tools");
  if (tools) tools.hidden = false;
  document.querySelectorAll("[data-zoom]").forEach(function (button) {
    button.addEventListener("click", function () {
      var what = button.getAttribute("data-zoom");
      if (what === "all") show(0, D.length); else zoom(what === "in" ? 0.5 : 2);
    });
  });
  // Two clicks give the whole day back, whatever the data cover.
  holder.addEventListener("dblclick", function () { setTimeout(function () { show(0, D.length); }, 0); });
  var at = -1;
  holder.addEventListener("keydown", function (e) {
    var move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (move) {
      var range = graph.xAxisRange(), pace = Math.max(1, Math.round(rows.length * (range[1] - range[0]) / D.length / 200));
      at = at < 0 ? rows.findIndex(function (row) { return row[0] >= range[0]; }) : Math.min(Math.max(at + move * pace, 0), rows.length - 1);
      graph.setSelection(at); read(rows[at][0], place[at]);
    } else if (e.key === "+" || e.key === "=") zoom(0.5);
    else if (e.key === "-" || e.key === "−") zoom(2);
    else if (e.key === "Escape") { at = -1; graph.clearSelection(); show(0, D.length); }
    else return;
    e.preventDefault();
  });
  holder.addEventListener("blur", function () { at = -1; });

  var saver = document.querySelector("[data-csv]");
  if (saver) saver.addEventListener("click", function () {
    var lines = [[W.csv].concat(D.series.slice(1).map(function (serie) { return serie.label; })).join(";")];
    times.forEach(function (time, n) {
      lines.push([new Date((D.start + time) * 1000).toISOString(), clock(time, true), columns[0][n], columns[0][n] - below[n], columns[0][n] + above[n]]
        .concat(columns.slice(1).map(function (column) { return column[n]; })).join(";"));
    });
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = D.name + ".csv"; link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
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
    graph.resize(PAPER[0], PAPER[1]);
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
