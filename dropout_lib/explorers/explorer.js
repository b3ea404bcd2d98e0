// Puts life into explorers: the frames were computed when the chapter ran, here they are shown.
for (const root of document.querySelectorAll(".explorer:not([data-ready])")) {
  root.dataset.ready = "";
  const { parts, frames } = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const picture = root.querySelector(".explorer-picture");
  const reading = root.querySelector(".explorer-reading");
  const controls = [...root.querySelectorAll("[data-control]")];
  const position = (control) => control.selectedIndex ?? Number(control.value);
  const show = () => {
    let index = 0;
    for (const control of controls) {
      index = index * Number(control.dataset.count) + position(control);
      if (control.type === "range") {
        const text = control.dataset.texts.split("|")[position(control)];
        control.setAttribute("aria-valuetext", text);
        control.closest("label").querySelector(".explorer-value").textContent = text;
      }
    }
    const [spoken, ...drawn] = frames[index].map((part) => parts[part]);
    picture.innerHTML = drawn.join("\n");
    picture.setAttribute("aria-label", spoken);
    reading.textContent = spoken;
  };
  for (const control of controls) control.addEventListener("input", show);
  for (const button of root.querySelectorAll("button[data-steps]")) {
    const slider = controls.find((control) => control.dataset.control === button.dataset.steps);
    button.addEventListener("click", () => {
      slider.value = (position(slider) + 1) % Number(slider.dataset.count);
      show();
    });
  }
  root.querySelector(".explorer-controls").hidden = false;
  show();
}
