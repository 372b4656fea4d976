import { bundledScript } from "./bundled-script.js";
import { type Html, html } from "./html.js";
import { page } from "./page.js";

/** Names for a playground that belongs to no data. */
const EXAMPLE_CLASSES: readonly string[] = ["forest", "river", "field", "road"];
const MAX_CLASSES = 5;

interface Preset {
  readonly name: string;
  readonly logits: readonly number[];
  readonly truth: readonly number[];
}

/** Situations worth seeing, for up to five classes; only as many numbers are used as there are classes. */
const PRESETS: readonly Preset[] = [
  { name: "One clear label", logits: [4, -1.5, -2, -3, -2.5], truth: [0] },
  { name: "Two labels", logits: [3, 2.6, -2.5, -3, -3.5], truth: [0, 1] },
  { name: "No label", logits: [-3, -3.4, -4, -4.5, -5], truth: [] },
  { name: "A tie, both there", logits: [3, 3, -3, -3, -3], truth: [0, 1] },
  { name: "A tie, neither there", logits: [-2, -2, -5, -5, -5], truth: [] },
  { name: "Confident and wrong", logits: [6, 0, -4, -4, -4], truth: [1] },
  { name: "All zero", logits: [0, 0, 0, 0, 0], truth: [0] },
];

/**
 * The playground: drag logits and a temperature, click the truth, and see what both heads make of it. Needs
 * {@link playgroundScript} on the page.
 */
export function playground({ classes = EXAMPLE_CLASSES }: { readonly classes?: readonly string[] } = {}): Html {
  const used = classes.slice(0, MAX_CLASSES);
  const states = PRESETS.map(({ logits, truth }) => ({
    classes: used,
    logits: logits.slice(0, used.length),
    truth: used.map((_, k) => truth.includes(k)),
    temperature: 1,
  }));
  return html`<section class="playground" id="playground" aria-labelledby="playground-title" data-state="${JSON.stringify(states[1])}" data-presets="${JSON.stringify(states)}">
<h2 id="playground-title">Playground: the same logits, two heads</h2>
<p class="small">A network ends in one number per class, its <b>logit</b>. Drag them, and click which labels are true.
The <b>gradient</b> is (p − y) / T for both heads; ↑ and ↓ say where training would move each logit.</p>
<noscript><p><b>The playground needs JavaScript; everything below it does not.</b></p></noscript>
<div class="presets" role="group" aria-label="Situations">${PRESETS.map((preset, i) => html`<button type="button" data-preset="${i}">${preset.name}</button>`)}</div>
<div class="controls card" data-part="controls"></div>
<div class="pair"><div class="card" data-part="softmax"></div><div class="card" data-part="sigmoid"></div></div>
<figure class="card" data-part="curve"></figure>
<p class="small quiet">The sigmoid looks at each logit alone: move one, and only its own probability changes. Softmax compares: raise one, and all
others fall; add the same number to all, and nothing changes. As T → 0 the S-curve becomes the step function and softmax becomes argmax;
as T grows, sigmoid goes to ½ for every class and softmax to 1/K.</p>
</section>`;
}

/** The page that needs no install: `docs/playground.html`. */
export function renderPlaygroundPage({ script = playgroundScript() }: { readonly script?: string } = {}): string {
  return page({
    title: "softmax or sigmoid? A playground",
    description: "Drag logits and see what a softmax head and a sigmoid head make of them.",
    body: html`<header><h1>softmax or sigmoid?</h1>
<p class="lead">Two ways to turn the last numbers of a network into probabilities. Softmax shares one certainty among all classes:
right when each image has exactly one label. Sigmoid asks a separate question for each class: right when an image may have several, or none.</p></header>
<main>${playground()}
<p>The whole story, with worked numbers, is in <a href="softmax-or-sigmoid.md">softmax-or-sigmoid.md</a>. Your own images tell it best:
<code>sigmax compare &lt;data&gt;</code>.</p></main>`,
    scripts: [script],
  });
}

/** The bundled script of {@link playground}. @throws UserError `not-found` if sigmax has not been built */
export function playgroundScript(): string {
  return bundledScript("playground");
}
