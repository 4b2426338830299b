"use strict";
// Saves the days of a period for a spreadsheet; the table is in the page.
(function () {
  var data = JSON.parse(document.getElementById("data").textContent), button = document.getElementById("csv");
  if (!button) return;
  button.parentNode.hidden = false;
  button.addEventListener("click", function () {
    var link = document.createElement("a");
    // The mark of UTF-8: without it Excel takes accents for something else.
    link.href = URL.createObjectURL(new Blob(["\ufeff" + data.csv], { type: "text/csv" }));
    link.download = data.name + ".csv"; link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  });
})();
