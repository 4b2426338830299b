"use strict";
// Reads the day from the data block, and writes times and numbers in the language of the page.
// Times are seconds since the local day began, so neither the browser's zone nor a change of hour moves them.
// The names of the hours come with the data: a day of 25 hours has one name twice.
(function () {
  var block = document.getElementById("data");
  if (!block) return;
  var D = JSON.parse(block.textContent), W = D.words;
  if (D.refresh) setTimeout(function () { location.reload(); }, D.refresh * 1000);
  if (!D.times) return;

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
  // What each register has counted since the first record; nothing is counted across a break.
  var counted = columns.map(function (column, n) {
    var sum = 0, breaks = D.breaks.slice();
    return D.series[n].key !== "index" ? null : column.map(function (value, at) {
      var crossed = breaks.length > 0 && at > 0 && breaks[0] <= times[at];
      while (breaks.length && breaks[0] <= times[at]) breaks.shift();
      if (at && !crossed) sum += Math.max(value - column[at - 1], 0);
      return sum;
    });
  });

  function pad(n) { return (n < 10 ? "0" : "") + n; }
  // The first of sorted *values* that is not below *limit*.
  function firstFrom(values, limit) {
    var low = 0, high = values.length;
    while (low < high) { var middle = (low + high) >> 1; if (values[middle] < limit) low = middle + 1; else high = middle; }
    return low;
  }
  function hourOf(time) {
    var at = 0;
    while (at + 1 < D.hours.length && D.hours[at + 1][0] <= time) at++;
    return D.hours[at];
  }
  function clock(time, seconds) {
    if (time >= D.length && !seconds) return W.hour.replace("{h}", 24);
    var hour = hourOf(Math.min(time, D.length - 1)), rest = Math.round(Math.min(time, D.length - 1) - hour[0]), m = Math.floor(rest / 60), s = rest % 60;
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
  function bandAt(time) { return D.bands.filter(function (band) { return band[0] < time && time <= band[1]; })[0]; }
  // What the registers counted between two times, in Wh, and its cost; null when a price is missing.
  function energy(from, to) {
    var wh = 0, eur = 0, known = false;
    // What a silence at an end of the day has used is not in the records.
    var unheard = D.gaps.some(function (gap) { return (gap[0] < times[0] || gap[1] > times[times.length - 1]) && gap[0] < to && gap[1] > from; });
    function until(sums, time) {
      var at = firstFrom(times, time);
      if (at === 0 || at === times.length) return sums[at ? at - 1 : 0];
      return sums[at - 1] + (sums[at] - sums[at - 1]) * (time - times[at - 1]) / (times[at] - times[at - 1]);
    }
    counted.forEach(function (sums, n) {
      if (!sums) return;
      var part = until(sums, to) - until(sums, from), price = D.series[n].price;
      known = true; wh += part;
      if (price !== null) eur += part / 1000 * price; else if (part) eur = NaN;
    });
    return known && D.accounted && !unheard ? { wh: wh, eur: isNaN(eur) ? null : eur } : null;
  }

  window.linkymonitorDay = {
    data: D, times: times, columns: columns, below: below, above: above, firstFrom: firstFrom, hourOf: hourOf, clock: clock,
    tickLabel: tickLabel, number: number, bandAt: bandAt, energy: energy
  };
})();
