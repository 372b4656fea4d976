/** What a label set means: exactly one label per image, or any number of them. */
export const TASKS = ["multiclass", "multilabel"] as const;
export type Task = (typeof TASKS)[number];

/** How logits become probabilities in the trained last layer. */
export const HEADS = ["softmax", "sigmoid"] as const;
export type Head = (typeof HEADS)[number];

/** What a head is trained to make small, in the order in which they are worth trying; not every head has every loss. */
export const HEAD_LOSSES = ["cross-entropy", "focal", "asymmetric"] as const;
export type HeadLoss = (typeof HEAD_LOSSES)[number];

/** The head that fits a task; every other combination is valid too, and `compare` shows what it does. */
export const HEAD_OF_TASK: Readonly<Record<Task, Head>> = { multiclass: "softmax", multilabel: "sigmoid" };

/** The part of a dataset that a sample belongs to. */
export const PARTS = ["train", "validation", "test"] as const;
export type Part = (typeof PARTS)[number];
