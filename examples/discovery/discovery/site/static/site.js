// All pages work without this. It adds a button that fills in where one is.
"use strict";

const near = document.getElementById("near");
if (near && navigator.geolocation) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Use my location";
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        near.querySelector("[name=lat]").value = coords.latitude.toFixed(4);
        near.querySelector("[name=lng]").value = coords.longitude.toFixed(4);
        button.textContent = "Location filled in";
      },
      () => { button.textContent = "The browser does not tell"; },
    );
  });
  near.append(button);
}
