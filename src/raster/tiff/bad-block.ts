/** What a codec or a predictor finds wrong in one block; the reader names file and block around it. */
export class BadBlock extends Error {
  constructor(what: string, options?: { cause: unknown }) {
    super(what, options);
    this.name = "BadBlock";
  }
}
