import { decodeHParamsData, encodeHParamsData, type HParamsPluginData } from "./proto.js";
import { numberTensor } from "./tensor.js";

/** What a hyperparameter can be. */
export type HParamValue = string | number | boolean;

/** What the HParams tab is told. An experiment names what is compared; each of its sessions has its own run. */
export type HParams =
  | {
      readonly kind: "experiment";
      readonly hparams: readonly { readonly name: string; readonly type: HParamType; readonly description: string }[];
      /** Scalars of the run `<session>/<group>`. */
      readonly metrics: readonly { readonly tag: string; readonly group: string }[];
    }
  | {
      readonly kind: "start";
      readonly values: readonly (readonly [name: string, value: HParamValue])[];
      /** Seconds since 1970. */
      readonly wallTime: number;
    }
  | {
      readonly kind: "end";
      readonly status: SessionStatus;
      /** Seconds since 1970. */
      readonly wallTime: number;
    };

const TYPES = ["unset", "string", "boolean", "number"] as const;
export type HParamType = (typeof TYPES)[number];
const STATUSES = ["unknown", "success", "failure", "running"] as const;
export type SessionStatus = (typeof STATUSES)[number];

/** The tag that TensorBoard looks for. */
export const HPARAMS_TAGS: Readonly<Record<HParams["kind"], string>> = {
  experiment: "_hparams_/experiment",
  start: "_hparams_/session_start_info",
  end: "_hparams_/session_end_info",
};

/** All is in the content: the tensor is empty. */
export function hparamsTensor(hparams: HParams) {
  return { tensor: numberTensor([0], new Float32Array(0)), content: encodeHParamsData({ version: 0, data: dataOf(hparams) }) };
}

function dataOf(hparams: HParams): NonNullable<Parameters<typeof encodeHParamsData>[0]["data"]> {
  switch (hparams.kind) {
    case "experiment":
      return {
        case: "experiment",
        value: {
          hparamInfos: hparams.hparams.map(({ name, type, description }) => ({ name, type: TYPES.indexOf(type), description })),
          metricInfos: hparams.metrics.map((name) => ({ name })),
        },
      };
    case "start":
      return {
        case: "sessionStartInfo",
        value: {
          hparams: hparams.values.map(([key, value]) => ({ key, value: { kind: kindOf(value) } })),
          startTimeSecs: hparams.wallTime,
        },
      };
    case "end":
      return {
        case: "sessionEndInfo",
        value: { status: STATUSES.indexOf(hparams.status), endTimeSecs: hparams.wallTime },
      };
  }
}

function kindOf(value: HParamValue) {
  if (typeof value === "string") return { case: "stringValue" as const, value };
  if (typeof value === "boolean") return { case: "boolValue" as const, value };
  return { case: "numberValue" as const, value };
}

/** What {@link hparamsTensor} wrote; undefined for content that says nothing. @throws Error when the content is not protobuf */
export function readHParams(content: Uint8Array): HParams | undefined {
  const { version, data }: HParamsPluginData = decodeHParamsData(content);
  if (version !== 0) return undefined;
  switch (data.case) {
    case "experiment":
      return {
        kind: "experiment",
        hparams: data.value.hparamInfos.map(({ name, type, description }) => ({
          name,
          type: TYPES[type] ?? "unset",
          description,
        })),
        metrics: data.value.metricInfos.map(({ name }) => ({ tag: name?.tag ?? "", group: name?.group ?? "" })),
      };
    case "sessionStartInfo":
      return {
        kind: "start",
        values: data.value.hparams.flatMap(({ key, value }) => {
          const given = value?.kind.value;
          return given === undefined ? [] : [[key, given] as const];
        }),
        wallTime: data.value.startTimeSecs,
      };
    case "sessionEndInfo":
      return { kind: "end", status: STATUSES[data.value.status] ?? "unknown", wallTime: data.value.endTimeSecs };
    case undefined:
      return undefined;
  }
}
