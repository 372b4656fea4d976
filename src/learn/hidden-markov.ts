import type { Task } from "../task.js";
import { argmax, DEFAULT_THRESHOLD } from "./decide.js";

/** How the class of a cell, or the presence of each of its labels, follows from one date to the next. */
export interface TransitionModel {
  readonly task: Task;
  /** `[K]`: the share of cells that are of each class, or have each label, which the classifier's probabilities already reckon with. */
  readonly prior: ArrayLike<number>;
  /** How probable it is that a cell keeps its class, or a label its presence, from one date to the next: above 0, below 1. */
  readonly stay: number;
  /** How probable it must be that the last state is another one than the first, so that a change is decided. Default 0.5. */
  readonly confidence?: number | undefined;
  /** Multilabel, `[K]`: the probability from which a label is said; the model takes it for even odds. Default 0.5. */
  readonly thresholds?: ArrayLike<number> | undefined;
}

/** What a classifier says of N cells on one date. */
export interface CellDate {
  /** `[N, K]`, calibrated. */
  readonly probabilities: Float32Array;
  /** `[N]`: 1 where there is an answer; 0 leaves the cell to the other dates. */
  readonly answered: Uint8Array;
}

/**
 * What is decided of N cells on T dates, of C things that are followed: of each cell its class (C = 1), or each of its labels (C = K).
 * Where a date has no answer, its state is what the other dates make most probable.
 */
export interface DecidedDates {
  /** `[T, N, C]`: a class index; of a label 1 for present, 0 for absent. */
  readonly states: Uint16Array;
  /** `[N, C]`: how probable it is that the last state is another one than the first. */
  readonly changed: Float32Array;
  /** `[N, C]`: how probable the decided states of the first and the last date are, both together. */
  readonly pair: Float32Array;
  /** `[N, C]`: 1 where first and last date, each for itself, differ, but the evidence is too little and no change is decided. */
  readonly undecided: Uint8Array;
  /** `[N, C]`: the state that is most probable of all that first and last date have in common: what it would be without a change. */
  readonly steady: Uint16Array;
}

export const DEFAULT_CONFIDENCE = 0.5;
/** Shares are kept from 0 and 1 by so much: what never occurs cannot be divided by, what always does cannot be left. */
const LEAST_SHARE = 1e-4;

/** Of paths that are as probable but for rounding, as around a date without an answer, the one that changes last: when it is seen. */
const AS_PROBABLE = 1 - 1e-9;

/** What each task follows through the dates: one thing with a state for each class, or each label with two states. */
interface Followed {
  /** How many things of a cell are followed, and how many states each has. */
  readonly shape: (classes: number) => readonly [chains: number, states: number];
  /** `[S]`: how often each state is met. */
  readonly prior: (shares: ArrayLike<number>, chain: number) => number[];
  /** Writes to `out`, from `at` on, the probabilities of the states of a chain of the cell whose row starts at `start`. */
  readonly read: (row: Float32Array, start: number, chain: Chain, out: Float64Array, at: number) => void;
}

const FOLLOWED: Readonly<Record<Task, Followed>> = {
  multiclass: {
    shape: (classes) => [1, classes],
    prior: (shares) => Array.from(shares),
    read(row, start, { states }, out, at) {
      for (let s = 0; s < states; s++) out[at + s] = row[start + s];
    },
  },
  multilabel: {
    shape: (classes) => [classes, 2],
    prior: (shares, chain) => [1 - shares[chain], shares[chain]],
    // odds / (θ / (1 − θ)): the threshold comes to lie at even odds.
    read(row, start, { index, threshold }, out, at) {
      const yes = row[start + index] * (1 - threshold);
      const no = (1 - row[start + index]) * threshold;
      out[at] = no / (yes + no);
      out[at + 1] = yes / (yes + no);
    },
  },
};

/** One thing that is followed through the dates. */
interface Chain {
  readonly index: number;
  readonly states: number;
  readonly threshold: number;
  readonly stay: number;
  /** `[S]` */
  readonly prior: Float64Array;
  /** `[S]`: (1 − stay) / (1 − prior), what is left of a state, for each unit of the prior of the state that it becomes. */
  readonly leave: Float64Array;
}

/** Room for one cell, used again for the next. */
interface Room {
  readonly dates: number;
  readonly states: number;
  /** `[T, S]`: probabilities of the states on each date, then p(what is seen | state) but for a factor. */
  readonly evidence: Float64Array;
  /** `[S, S]`: p(what is seen up to a date, state on the first date, state on this date) but for a factor. */
  readonly joint: Float64Array;
  /** `[S, S]`: the same of the most probable path between the two, instead of all of them. */
  readonly best: Float64Array;
  /** `[T, S, S]`: the state on the date before, on that path. */
  readonly from: Uint16Array;
}

/**
 * Decides the states of cells on two and more dates together, by a hidden Markov model (Rabiner 1989, eqs. 17 to 35; for land cover
 * Abercrombie and Friedl 2016): a state comes first as often as its prior says, stays with probability `stay`, else becomes another
 * one in proportion to the priors of the others; what a date shows depends on the state of that date alone, and its likelihood is
 * p(state | what is seen) / prior(state).
 *
 * A change is decided where the last state is another one than the first with probability `confidence` or more, and the most probable
 * pair of two different states is more probable than the most probable state that both have (for a `confidence` c below 0.5: than
 * c / (1 − c) times that). Then that pair stands for the first and
 * the last date, else that state; between them comes the most probable path.
 *
 * @throws RangeError for fewer than two dates, arrays that do not fit each other, and numbers out of their bounds
 */
export function decideDates(model: TransitionModel, dates: readonly CellDate[]): DecidedDates {
  const classes = model.prior.length;
  const { shape, read } = FOLLOWED[model.task];
  const [count, states] = shape(classes);
  const cells = dates.length === 0 ? 0 : dates[0].answered.length;
  check(model, dates, { cells, classes, states });
  const chains = Array.from({ length: count }, (_, index) => chainOf(model, index, states));
  const confidence = model.confidence ?? DEFAULT_CONFIDENCE;
  const last = dates.length - 1;
  const room: Room = {
    ...{ dates: dates.length, states },
    evidence: new Float64Array(dates.length * states),
    joint: new Float64Array(states * states),
    best: new Float64Array(states * states),
    from: new Uint16Array(dates.length * states * states),
  };
  const decided = {
    states: new Uint16Array(dates.length * cells * count),
    changed: new Float32Array(cells * count),
    pair: new Float32Array(cells * count),
    undecided: new Uint8Array(cells * count),
    steady: new Uint16Array(cells * count),
  };
  for (let cell = 0; cell < cells; cell++) {
    const isSeen = dates[0].answered[cell] === 1 && dates[last].answered[cell] === 1;
    for (let c = 0; c < count; c++) {
      const chain = chains[c];
      for (let t = 0; t <= last; t++) {
        if (dates[t].answered[cell] === 1) read(dates[t].probabilities, cell * classes, chain, room.evidence, t * states);
        // Every state shows nothing as well as any other: p / prior = 1.
        else room.evidence.set(chain.prior, t * states);
      }
      const differs = isSeen && argmax(room.evidence, 0, states) !== argmax(room.evidence, last * states, states);
      weigh(room, chain);
      follow(room, chain);
      settle(room, confidence, decided, cell * count + c, cells * count);
      const isChange = decided.states[cell * count + c] !== decided.states[last * cells * count + cell * count + c];
      if (differs && !isChange) decided.undecided[cell * count + c] = 1;
    }
  }
  return decided;
}

/** Probabilities become likelihoods: p(state | what is seen) / prior(state). */
function weigh({ dates, states, evidence }: Room, { prior }: Chain): void {
  for (let t = 0, at = 0; t < dates; t++) for (let s = 0; s < states; s++, at++) evidence[at] /= prior[s];
}

/** The forward step of sums and that of maxima (Viterbi), begun from every first state on its own. */
function follow({ dates, states, evidence, joint, best, from }: Room, { prior, leave, stay }: Chain): void {
  joint.fill(0);
  best.fill(0);
  let total = 0;
  for (let s = 0; s < states; s++) {
    const start = prior[s] * evidence[s];
    joint[s * (states + 1)] = start;
    best[s * (states + 1)] = start;
    total += start;
  }
  for (let t = 1; t < dates; t++) {
    // Taken out at every date, lest many of them leave nothing.
    const scale = 1 / total;
    total = 0;
    for (let row = 0; row < states * states; row += states) {
      // Σₘ joint(m) leave(m), and the two largest best(m) leave(m): where the largest is the state itself, the other one counts.
      let leaving = 0;
      let [first, second] = [-1, -1];
      let [firstAt, secondAt] = [0, 0];
      for (let m = 0; m < states; m++) {
        leaving += joint[row + m] * leave[m];
        const going = best[row + m] * leave[m];
        if (going > first) {
          second = first;
          secondAt = firstAt;
          first = going;
          firstAt = m;
        } else if (going > second) {
          second = going;
          secondAt = m;
        }
      }
      for (let s = 0; s < states; s++) {
        const seen = scale * evidence[t * states + s];
        const kept = joint[row + s];
        const sum = seen * (stay * kept + prior[s] * Math.max(0, leaving - leave[s] * kept));
        joint[row + s] = sum;
        total += sum;
        const stays = stay * best[row + s];
        const comes = prior[s] * (firstAt === s ? second : first);
        best[row + s] = seen * Math.max(stays, comes);
        from[t * states * states + row + s] = stays * AS_PROBABLE > comes ? s : firstAt === s ? secondAt : firstAt;
      }
    }
  }
}

/** Decides one chain from where its paths have come to, and writes it at index `at` of each date's `stride` numbers. */
function settle(
  { dates, states, joint, from }: Room,
  confidence: number,
  out: Pick<DecidedDates, "states" | "changed" | "pair" | "steady">,
  at: number,
  stride: number,
): void {
  let [same, moved] = [0, 0];
  let [sameAt, movedAt] = [0, 1];
  for (let i = 0, k = 0; i < states; i++) {
    for (let j = 0; j < states; j++, k++) {
      if (i === j) {
        same += joint[k];
        if (joint[k] > joint[sameAt]) sameAt = k;
      } else {
        moved += joint[k];
        if (joint[k] > joint[movedAt]) movedAt = k;
      }
    }
  }
  const changed = moved / (same + moved);
  // Many changes that are all improbable are no change: one of them has to be more probable than staying, or as probable as it may be.
  const least = Math.min(confidence, DEFAULT_CONFIDENCE);
  const isLikely = joint[movedAt] * (1 - least) * AS_PROBABLE > joint[sameAt] * least;
  const pair = changed >= confidence && isLikely ? movedAt : sameAt;
  out.changed[at] = changed;
  out.pair[at] = joint[pair] / (same + moved);
  out.steady[at] = sameAt % states;
  const row = pair - (pair % states);
  let state = pair % states;
  for (let t = dates - 1; t > 0; t--) {
    out.states[t * stride + at] = state;
    state = from[t * states * states + row + state];
  }
  out.states[at] = state;
}

function chainOf({ task, prior: shares, stay, thresholds }: TransitionModel, index: number, states: number): Chain {
  const prior = Float64Array.from(FOLLOWED[task].prior(shares, index), (share) => Math.max(share, LEAST_SHARE));
  const total = prior.reduce((sum, share) => sum + share, 0);
  for (let s = 0; s < states; s++) prior[s] /= total;
  const leave = prior.map((share) => (1 - stay) / (1 - share));
  const threshold = thresholds?.[index] ?? DEFAULT_THRESHOLD;
  return { index, states, stay, prior, leave, threshold: Math.min(Math.max(threshold, LEAST_SHARE), 1 - LEAST_SHARE) };
}

function check(
  { prior, stay, confidence = DEFAULT_CONFIDENCE }: TransitionModel,
  dates: readonly CellDate[],
  { cells, classes, states }: { readonly cells: number; readonly classes: number; readonly states: number },
): void {
  if (dates.length < 2) throw new RangeError(`${dates.length} date(s): what follows what needs two and more`);
  if (states < 2) throw new RangeError("one class alone does not change");
  if (!(stay > 0 && stay < 1)) throw new RangeError(`stay ${stay}: a probability above 0 and below 1 would be right`);
  if (!(confidence > 0 && confidence <= 1)) throw new RangeError(`confidence ${confidence}: above 0, at most 1 would be right`);
  if (!Array.from(prior).every((share) => share >= 0 && share <= 1)) {
    throw new RangeError(`prior ${Array.from(prior).join(", ")}: shares from 0 to 1 would be right`);
  }
  const fits = ({ probabilities, answered }: CellDate) => answered.length === cells && probabilities.length === cells * classes;
  if (!dates.every(fits)) throw new RangeError(`dates do not hold ${cells} cells of ${classes} classes each`);
}
