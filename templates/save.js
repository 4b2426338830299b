// Saves the day for a spreadsheet: separator, decimal sign and dates are those of the page's language.
(function () {
  var day = window.linkymonitorDay;
  if (!day) return;
  var D = day.data, W = D.words.csv;

  function two(n) { return (n < 10 ? "0" : "") + n; }
  function date(year, month, dayOfMonth) {
    return W.date.replace("{y}", year).replace("{m}", two(month)).replace("{d}", two(dayOfMonth));
  }
  function dateOf(when) { return date(when.getUTCFullYear(), when.getUTCMonth() + 1, when.getUTCDate()); }
  function local(time) {
    var midnight = new Date(D.name + "T00:00:00Z");
    // The last record of a day ends when the next day begins.
    if (time >= D.length) return dateOf(new Date(midnight.getTime() + 86400000)) + " 00:00:00";
    var hour = day.hourOf(time), rest = time - hour[0];
    return dateOf(midnight) + " " + two(hour[1]) + ":" + two(Math.floor(rest / 60)) + ":" + two(rest % 60);
  }
  function utc(time) {
    var when = new Date((D.start + time) * 1000);
    return dateOf(when) + " " + when.toISOString().slice(11, 19);
  }
  function decimal(value, places) { return value === null ? "" : value.toFixed(places).replace(".", W.decimal); }

  function records() {
    var units = { injected: "VA", current: "A", index: "Wh" };
    var heads = W.records.concat(D.series.slice(1).map(function (serie) { return serie.label + " (" + units[serie.key] + ")"; }));
    return [heads].concat(day.times.map(function (time, at) {
      var power = day.columns[0][at];
      return [local(time), utc(time), power, power - day.below[at], power + day.above[at]]
        .concat(day.columns.slice(1).map(function (column) { return column[at]; }));
    }));
  }
  function hours() {
    var measured = D.hours.filter(function (_, n) { return D.hourly[n]; }), kept = D.hourly.filter(Boolean);
    return [W.hours].concat(kept.map(function (hour, n) {
      var sum = hour[0].reduce(function (a, b) { return a + b; }, 0);
      return [local(measured[n][0]), utc(measured[n][0])].concat(hour[0].map(function (wh) { return decimal(wh / 1000, 3); }))
        .concat([decimal(sum / 1000, 3), decimal(hour[1], 4), hour[2] ? "" : W.estimated]);
    }));
  }
  function save(name, rows) {
    // The byte order mark of UTF-8: without it Excel misreads accents.
    var text = "\ufeff" + rows.map(function (row) { return row.join(W.separator) + "\r\n"; }).join("");
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = name; link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }
  [["records", records], ["hours", hours]].forEach(function (kind) {
    var button = document.querySelector("[data-csv=" + kind[0] + "]");
    if (button) button.addEventListener("click", function () { save(D.name + W.names[kind[0]] + ".csv", kind[1]()); });
  });
})();
