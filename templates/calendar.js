"use strict";
// A calendar may be days old: the box that draws it has stopped, or it is a copy on a PC.
// So the browser also checks the age of the newest record.
(function () {
  var warning = document.getElementById("silence");
  var age = Date.now() / 1000 - Number(warning.dataset.at);
  if (age > Number(warning.dataset.patience)) warning.hidden = false;
})();
