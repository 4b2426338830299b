"use strict";
// The calendar may lie unchanged for days when the box that draws it has stopped, or on a PC that has a copy:
// so the browser, too, looks at the age of the newest record.
(function () {
  var warning = document.getElementById("silence");
  var age = Date.now() / 1000 - Number(warning.dataset.at);
  if (age > Number(warning.dataset.patience)) warning.hidden = false;
})();
