// The first page's picture: its slider chooses among the states that were drawn with the page.
(() => {
  const figure = document.getElementById("front-picture");
  const slider = figure?.querySelector("input");
  if (!slider) return;
  const states = JSON.parse(figure.querySelector("script").textContent);
  const show = () => {
    const state = states[slider.value];
    for (const name of ["prior", "data", "posterior"]) figure.querySelector(`path.front-${name}`).setAttribute("d", state[name]);
    figure.querySelector("figcaption").innerHTML = state.said;
    slider.setAttribute("aria-valuetext", state.text);
  };
  slider.addEventListener("input", show);
  show(); // a browser may come back with the slider where it was left
})();
