"use strict";
const slider = document.getElementById("severity");
const shown = document.getElementById("shown");
const clean = document.querySelector(".card.clean");

// Every picture is in the page once; where it is shown again it is taken from there.
function pictureOf(card, kind) {
  const still = card && card.querySelector(".still:not(.beside)");
  if (kind === "spectrum") {
    const spectrum = card && card.querySelector(".spectrum:not(.beside)");
    return spectrum ? spectrum.src : "";
  }
  return still ? still.poster || still.src : "";
}

for (const image of document.querySelectorAll("img[data-from]")) {
  const name = image.dataset.card;
  const place = name
    ? document.querySelector(`#${CSS.escape(name)} .at[data-severity="${image.dataset.severity}"]`)
    : clean;
  image.src = pictureOf(place, image.dataset.from);
}

const first = new Image();
first.addEventListener("load", () => {
  const shape = `${first.naturalWidth} / ${first.naturalHeight}`;
  document.documentElement.style.setProperty("--shape", shape);
});
first.src = pictureOf(clean, "frame");

// What plays goes on at the same place under the severity chosen, so that they can be compared.
function choose(severity) {
  shown.value = severity;
  slider.value = severity;
  for (const side of document.querySelectorAll(".at")) {
    const wanted = side.dataset.severity === String(severity);
    const player = side.querySelector("video, audio");
    if (!wanted && player && !player.paused) {
      const next = side.parentElement.querySelector(
        `.at[data-severity="${severity}"] video, .at[data-severity="${severity}"] audio`);
      player.pause();
      if (next) {
        next.currentTime = player.currentTime;
        next.play();
      }
    }
    side.hidden = !wanted;
  }
}

slider.addEventListener("input", () => choose(slider.value));
for (const link of document.querySelectorAll("a[data-go]")) {
  link.addEventListener("click", () => {
    if (link.dataset.go) choose(link.dataset.go);
  });
}

// The controls would hide the picture: they come with the pointer, the tap or the focus.
for (const player of document.querySelectorAll("video")) {
  player.controls = false;
  player.tabIndex = 0;
  for (const event of ["pointerenter", "pointerdown", "focus"]) {
    player.addEventListener(event, () => { player.controls = true; });
  }
  for (const event of ["pointerleave", "blur"]) {
    player.addEventListener(event, () => { player.controls = !player.paused; });
  }
}

// One at a time.
document.addEventListener("play", (event) => {
  for (const player of document.querySelectorAll("video, audio")) {
    if (player !== event.target) player.pause();
  }
}, true);
