import { fixed } from "../report/format.js";
import { type Html, html, name } from "../report/html.js";
import { bar } from "../report/plots/bars.js";
import { sigmoidCurve } from "../report/plots/curve.js";
import { HEADS, type Head } from "../task.js";
import { evaluateHeads, type HeadOutput, type PlaygroundState } from "./playground-heads.js";

/** Probabilities nearer than this are called a tie. */
const TIE = 5e-4;

/** Sliders and check boxes, one row per class, then the temperature on a scale of powers of ten. `range` is the largest |logit|. */
export function controlsView({ classes, logits, truth, temperature }: PlaygroundState, range: number): Html {
  const rows = classes.map(
    (label, k) => html`<span>${name(label)}</span>
<input type="range" min="${-range}" max="${range}" step="0.1" value="${logits[k]}" data-logit="${k}" aria-label="Logit of ${label}">
<output data-logit-value="${k}">${fixed(logits[k], 2)}</output>
<label class="small"><input type="checkbox" data-truth="${k}" aria-label="${label} is true" ${truth[k] && html`checked`}> true</label>`,
  );
  return html`<span class="quiet small">class</span><span class="quiet small">logit z, any real number</span><span></span><span class="quiet small">target y</span>
${rows}
<hr><span>temperature T</span>
<input type="range" min="-1" max="1" step="0.02" value="${Math.log10(temperature)}" data-temperature aria-label="Temperature">
<output data-temperature-value>${fixed(temperature, 2)}</output><span></span>`;
}

/** Both heads side by side, as they see the same logits. */
export function headsView(state: PlaygroundState): Readonly<Record<Head, Html>> {
  const outputs = evaluateHeads(state);
  const [softmax, sigmoid] = HEADS.map((head) => headView(head, state, outputs[head]));
  return { softmax, sigmoid };
}

/** The S-curve with each logit on it. */
export function curveView({ classes, logits, temperature }: PlaygroundState, range: number): Html {
  return sigmoidCurve({
    title: `The sigmoid with temperature ${fixed(temperature, 2)} beside a step function, the logits marked on it`,
    logits: classes.map((label, k) => ({ name: label, logit: logits[k] })),
    temperature,
    range,
  });
}

function headView(head: Head, state: PlaygroundState, output: HeadOutput): Html {
  const { probabilities, targets, gradient, loss, sum } = output;
  const rows = state.classes.map(
    (label, k) => html`<tr class="${state.truth[k] && "true"}"><th scope="row">${name(label)}</th>
<td class="wide">${bar(probabilities[k], head)}</td><td>${fixed(probabilities[k])}</td>
<td>${targets ? fixed(targets[k], 2) : "–"}</td><td>${gradient ? html`${fixed(gradient[k])} ${arrow(gradient[k])}` : "–"}</td></tr>`,
  );
  return html`<table><caption>${CAPTIONS[head]}</caption>
<thead><tr><th scope="col">class</th><th scope="col" colspan="2">probability p</th><th scope="col">y</th><th scope="col">gradient</th></tr></thead>
<tbody>${rows}</tbody>
<tfoot><tr><th scope="row">sum</th><td></td><td data-sum="${head}">${fixed(sum)}</td><td></td><td></td></tr>
<tr><th scope="row">loss</th><td></td><td data-loss="${head}">${fixed(loss)}</td><td></td><td></td></tr></tfoot></table>
<p class="verdict small">${VERDICTS[head](state, output)}</p>`;
}

const CAPTIONS: Readonly<Record<Head, Html>> = {
  softmax: html`<span class="softmax-text">softmax</span>: one cake, shared`,
  sigmoid: html`<span class="sigmoid-text">sigmoid</span>: a separate yes or no for each`,
};

/** What the head would say of this image, in words. */
const VERDICTS: Readonly<Record<Head, (state: PlaygroundState, output: HeadOutput) => Html>> = {
  softmax({ classes, truth }, { probabilities, decided: [top] }) {
    const tied = classes.filter((_, k) => probabilities[top] - probabilities[k] < TIE);
    const positives = truth.filter(Boolean).length;
    const decision =
      tied.length > 1
        ? html`A tie between ${enumerate(tied)}: argmax takes the first, and nothing says whether both are there or neither.`
        : html`Decides ${name(classes[top])}, always exactly one.`;
    if (positives === 0)
      return html`${decision} No target: softmax cannot say “nothing”, so such an image is left out of its loss.`;
    if (positives === 1) return decision;
    return html`${decision} The target is split into ${positives} × ${fixed(1 / positives, 2)}, so the loss cannot fall below log ${positives} = ${fixed(Math.log(positives))}.`;
  },
  sigmoid({ classes }, { decided }) {
    if (decided.length === 0) return html`At 0.5 it gives no label at all: a clear answer, not a failure.`;
    return html`At 0.5 it gives ${enumerate(decided.map((k) => classes[k]))}. Any number of labels is possible, from none to all.`;
  },
};

/** Which way a step of training moves the logit: against the gradient. */
function arrow(slope: number): Html {
  if (Math.abs(slope) < TIE) return html`<span class="quiet">·</span>`;
  return slope < 0
    ? html`<span title="training raises this logit">↑</span>`
    : html`<span title="training lowers this logit">↓</span>`;
}

function enumerate(labels: readonly string[]): Html {
  return html`${labels.map((label, i) => html`${i > 0 && (i === labels.length - 1 ? " and " : ", ")}${name(label)}`)}`;
}
