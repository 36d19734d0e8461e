// Keeps the numbers beside the sliders in step, and marks an answer that belongs to other inputs.
"use strict";
(() => {
  const form = () => document.getElementById("what-if");
  const inputs = () => new URLSearchParams(new FormData(form())).toString();

  function echo(field) {
    const shown = form().querySelector(`output[for="${field.id}"]`);
    if (!shown) return;
    shown.textContent = field.value + shown.dataset.unit;
    field.setAttribute("aria-valuetext", shown.textContent);
  }

  function mark() {
    const answer = document.getElementById("answer");
    if (!answer || !form()) return;
    const same = new URLSearchParams(answer.dataset.inputs);
    const now = new URLSearchParams(inputs());
    const equal = [...same].every(([name, value]) => (now.get(name) ?? value) === value);
    answer.toggleAttribute("data-stale", !equal);
  }

  document.addEventListener("input", (event) => {
    if (!form() || !form().contains(event.target)) return;
    echo(event.target);
    mark();
  });
  document.addEventListener("htmx:afterSwap", mark);
})();
