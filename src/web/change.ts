import { type MapSize, type MapView, movedView, scaleOf, viewAround, wholeView, zoomedView } from "./change-view.js";
import { mountContents, mountCopying, mountPrinting } from "./page-parts.js";

/** Mounts all that moves in the report of a change. Without it the page is whole, and still. */
function mount(): void {
  document.documentElement.classList.add("scripted");
  mountCopying();
  mountContents();
  mountPrinting();
  const view = document.querySelector<HTMLElement>("[data-view]");
  if (view === null) return;
  const map = mountMap(view);
  mountDivider(view, map);
  mountPointers(view, map);
  mountLayer();
  mountDates();
  mountPlaces(view, map);
}

/** The map of the page: what is shown of it, and where its divider stands. */
interface ChangeMap {
  readonly size: MapSize;
  view(): MapView;
  show(view: MapView): void;
  /** A share of the width, 0 to 1. */
  divide(share: number): void;
}

const ZOOM = 1.6;
const STEP = 0.15;

function mountMap(place: HTMLElement): ChangeMap {
  const size = { columns: Number(place.dataset.columns), rows: Number(place.dataset.rows) };
  const picture = place.querySelector("svg")!;
  const afterSide = place.querySelector("[data-after-side]")!;
  const divider = place.querySelector<HTMLElement>("[data-divider]")!;
  let view = wholeView(size);
  let share = 0.5;
  const draw = () => {
    const { left, top, wide, high } = view;
    picture.setAttribute("viewBox", `${left} ${top} ${wide} ${high}`);
    // The divider stands still on the screen while the map moves below it.
    const x = left + share * wide;
    setAll(afterSide, { x, y: top, width: Math.max(0, left + wide - x), height: high });
    divider.style.left = `${100 * share}%`;
    place.classList.toggle("zoomed", scaleOf(view, size) > 1.001);
  };
  const map: ChangeMap = {
    size,
    view: () => view,
    show(next) {
      view = next;
      draw();
    },
    divide(next) {
      share = Math.min(1, Math.max(0, next));
      draw();
    },
  };
  const middle = [0.5, 0.5] as const;
  const actions: Readonly<Record<string, () => MapView>> = {
    in: () => zoomedView(view, size, ZOOM, middle),
    out: () => zoomedView(view, size, 1 / ZOOM, middle),
    whole: () => wholeView(size),
    left: () => movedView(view, size, -STEP, 0),
    right: () => movedView(view, size, STEP, 0),
    up: () => movedView(view, size, 0, -STEP),
    down: () => movedView(view, size, 0, STEP),
  };
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-zoom]"))
    button.addEventListener("click", () => map.show(actions[button.dataset.zoom ?? "whole"]()));
  place.addEventListener("keydown", (event) => {
    // The divider has arrow keys of its own, and the browser those with Ctrl.
    if (event.target !== place || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = Object.hasOwn(KEYS, event.key) ? actions[KEYS[event.key]] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    map.show(action());
  });
  place.addEventListener(
    "wheel",
    (event) => {
      // Without Ctrl the page scrolls, unless the reader has stepped into the map.
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== place) return;
      event.preventDefault();
      map.show(zoomedView(view, size, 2 ** (-event.deltaY / (event.deltaMode === 0 ? 400 : 12)), shareOf(place, event)));
    },
    { passive: false },
  );
  draw();
  return map;
}

const KEYS: Readonly<Record<string, string>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  "+": "in",
  "=": "in",
  "-": "out",
  "0": "whole",
  Home: "whole",
};

/** Where a pointer is within an element, as shares of its sides. */
function shareOf(place: HTMLElement, { clientX, clientY }: MouseEvent): readonly [x: number, y: number] {
  const { left, top, width, height } = place.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height];
}

function setAll(element: Element, attributes: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

/** The range over the picture: the handle of the divider for the keyboard, and for those who cannot see it. */
function mountDivider(place: HTMLElement, map: ChangeMap): void {
  const range = place.querySelector<HTMLInputElement>("[data-divide]")!;
  const draw = () => {
    map.divide(range.valueAsNumber / 100);
    const tag = (side: string) => place.querySelector(`[data-tag="${side}"]`)?.textContent ?? "";
    range.setAttribute(
      "aria-valuetext",
      `${tag("before")} on the left ${Math.round(range.valueAsNumber)} %, ${tag("after")} on the right`,
    );
  };
  range.addEventListener("input", draw);
  draw();
}

/** Dragging: the divider where all of the map is shown, else the map; two fingers zoom. */
function mountPointers(place: HTMLElement, map: ChangeMap): void {
  const range = place.querySelector<HTMLInputElement>("[data-divide]")!;
  const pointers = new Map<number, readonly [x: number, y: number]>();
  const divideAt = (x: number) => {
    range.value = String(100 * x);
    range.dispatchEvent(new Event("input"));
  };
  place.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button, input") !== null)) return;
    const at = shareOf(place, event);
    pointers.set(event.pointerId, at);
    place.setPointerCapture(event.pointerId);
    if (place.classList.contains("zoomed")) place.classList.add("moving");
    else if (pointers.size === 1) divideAt(at[0]);
  });
  place.addEventListener("pointermove", (event) => {
    const from = pointers.get(event.pointerId);
    if (from === undefined) return;
    const to = shareOf(place, event);
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    pointers.set(event.pointerId, to);
    if (other !== undefined) {
      const apart = ([x, y]: readonly [number, number]) =>
        Math.hypot((x - other[0]) * place.clientWidth, (y - other[1]) * place.clientHeight);
      const middle = [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2] as const;
      map.show(zoomedView(map.view(), map.size, apart(to) / Math.max(1, apart(from)), middle));
    } else if (place.classList.contains("zoomed")) {
      map.show(movedView(map.view(), map.size, from[0] - to[0], from[1] - to[1]));
    } else divideAt(to[0]);
  });
  const end = ({ pointerId }: PointerEvent) => {
    pointers.delete(pointerId);
    if (pointers.size === 0) place.classList.remove("moving");
  };
  place.addEventListener("pointerup", end);
  place.addEventListener("pointercancel", end);
}

/** The change layer: whether it is there, and how much shows through it. */
function mountLayer(): void {
  const layer = document.querySelector("[data-layer]")!;
  const on = document.querySelector<HTMLInputElement>("[data-layer-on]")!;
  const opacity = document.querySelector<HTMLInputElement>("[data-opacity]")!;
  const draw = () => {
    layer.setAttribute("visibility", on.checked ? "visible" : "hidden");
    layer.setAttribute("opacity", String(opacity.valueAsNumber / 100));
    opacity.parentElement!.querySelector("output")!.textContent = `${opacity.value} %`;
  };
  on.addEventListener("change", draw);
  opacity.addEventListener("input", draw);
  draw();
}

/** Which two of several dates are compared. */
function mountDates(): void {
  for (const choice of document.querySelectorAll<HTMLSelectElement>("[data-choose]")) {
    const side = choice.dataset.choose;
    const draw = () => {
      document.querySelector(`[data-shown="${side}"]`)!.setAttribute("href", `#date-${choice.value}`);
      document.querySelector(`[data-tag="${side}"]`)!.textContent = choice.selectedOptions[0]?.textContent ?? "";
      document.querySelector("[data-divide]")!.dispatchEvent(new Event("input"));
    };
    choice.addEventListener("change", draw);
    draw();
  }
}

/** The list of places: each goes to its place on the map, with an outline around it. */
function mountPlaces(place: HTMLElement, map: ChangeMap): void {
  const outline = document.querySelector("[data-outline]")!;
  const chosen = document.querySelector("[data-chosen]")!;
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-place]")];
  for (const button of buttons) {
    button.disabled = false;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const [left, top, right, bottom] = (button.dataset.box ?? "").split(" ").map(Number);
      for (const rect of outline.children) setAll(rect, { x: left, y: top, width: right - left, height: bottom - top });
      outline.setAttribute("visibility", "visible");
      map.show(viewAround([left, top, right, bottom], map.size));
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      chosen.replaceChildren(
        ...[...button.childNodes].map((node) => node.cloneNode(true)),
        ...[...(button.closest("li")?.querySelectorAll(".about > .part") ?? [])].flatMap((part) => [" · ", ...clones(part)]),
      );
      place.scrollIntoView({ block: "nearest" });
    });
  }
}

function clones(element: Element): readonly Node[] {
  return [...element.childNodes].map((node) => node.cloneNode(true));
}

mount();
