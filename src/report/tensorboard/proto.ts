// The door to @bufbuild/protobuf for event files: the messages that we write and read.
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { EventSchema, HParamsPluginDataSchema, PrCurvePluginDataSchema, type Summary_ValueSchema } from "./tfevents_pb.js";

export type {
  Event,
  HParamsPluginData,
  PrCurvePluginData,
  Summary_Histogram,
  Summary_Image,
  Summary_Value,
  Tensor,
} from "./tfevents_pb.js";

/** One value of a summary, before it is a message. */
export type ValueInit = MessageInitShape<typeof Summary_ValueSchema>;
/** A tensor, before it is a message. */
export type TensorInit = Extract<NonNullable<ValueInit["value"]>, { case: "tensor" }>["value"];

/** Serialises an event. @throws RangeError if the step is not an integer */
export const encodeEvent = (init: MessageInitShape<typeof EventSchema>) => toBinary(EventSchema, create(EventSchema, init));
/** Parses an event; byte fields are views of `bytes`. @throws Error when they are not protobuf */
export const decodeEvent = (bytes: Uint8Array) => fromBinary(EventSchema, bytes);

/** What the plugin `pr_curves` is told. */
export const encodePrCurveData = (init: MessageInitShape<typeof PrCurvePluginDataSchema>) =>
  toBinary(PrCurvePluginDataSchema, create(PrCurvePluginDataSchema, init));
/** @throws Error when the bytes are not protobuf */
export const decodePrCurveData = (bytes: Uint8Array) => fromBinary(PrCurvePluginDataSchema, bytes);

/** What the plugin `hparams` is told. */
export const encodeHParamsData = (init: MessageInitShape<typeof HParamsPluginDataSchema>) =>
  toBinary(HParamsPluginDataSchema, create(HParamsPluginDataSchema, init));
/** @throws Error when the bytes are not protobuf */
export const decodeHParamsData = (bytes: Uint8Array) => fromBinary(HParamsPluginDataSchema, bytes);
