import { fixed } from "../report/format.js";
import type { Html } from "../report/html.js";
import type { PlaygroundState } from "./playground-heads.js";
import { controlsView, curveView, headsView } from "./playground-view.js";

/** Mounts the playground of a page: the sliders stay, everything that follows from them is drawn anew. */
function mount(root: HTMLElement): void {
  const initial: PlaygroundState = JSON.parse(root.dataset.state ?? "");
  const presets: readonly PlaygroundState[] = JSON.parse(root.dataset.presets ?? "[]");
  let state = initial;
  let range = 8;

  const place = (part: string) => root.querySelector<HTMLElement>(`[data-part="${part}"]`)!;
  const put = (part: string, markup: Html) => {
    place(part).innerHTML = markup.markup;
  };

  const draw = () => {
    const { softmax, sigmoid } = headsView(state);
    put("softmax", softmax);
    put("sigmoid", sigmoid);
    put("curve", curveView(state, range));
    root.querySelectorAll<HTMLOutputElement>("[data-logit-value]").forEach((output, k) => {
      output.textContent = fixed(state.logits[k], 2);
    });
    root.querySelector("[data-temperature-value]")!.textContent = fixed(state.temperature, 2);
  };
  const show = (next: PlaygroundState) => {
    state = next;
    range = Math.max(8, Math.ceil(Math.max(...state.logits.map(Math.abs))));
    put("controls", controlsView(state, range));
    draw();
  };

  root.addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    const { logit, truth, temperature } = target.dataset;
    if (logit !== undefined) state = { ...state, logits: state.logits.with(Number(logit), target.valueAsNumber) };
    if (truth !== undefined) state = { ...state, truth: state.truth.with(Number(truth), target.checked) };
    if (temperature !== undefined) state = { ...state, temperature: 10 ** target.valueAsNumber };
    draw();
  });
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>("[data-preset], [data-play]") : null;
    if (button === null) return;
    const { preset, play } = button.dataset;
    if (preset !== undefined) show(presets[Number(preset)]);
    if (play !== undefined) {
      show({ temperature: 1, ...JSON.parse(play) });
      root.scrollIntoView();
      place("controls").querySelector("input")?.focus({ preventScroll: true });
    }
  });
  show(initial);
}

const root = document.querySelector<HTMLElement>("#playground");
if (root) mount(root);
