// The package brings no types; these are of what is used of it.
declare module "@cornerstonejs/codec-openjpeg/decodewasmjs" {
  export interface FrameInfo {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
    readonly isSigned: boolean;
  }
  export interface J2KDecoder {
    /** Memory of the codec for as many bytes; it moves when the codec takes more. */
    getEncodedBuffer(bytes: number): Uint8Array;
    /** Throws a number, which is the place of a C++ exception. */
    decode(): void;
    /** Halves the sides `level` times; `layer` 0 stands for all. */
    decodeSubResolution(level: number, layer: number): void;
    /** `[H, W, C]`, low byte first; a view of the codec's memory. */
    getDecodedBuffer(): Uint8ClampedArray;
    getFrameInfo(): FrameInfo;
    delete(): void;
  }
  export interface OpenJpeg {
    readonly J2KDecoder: new () => J2KDecoder;
  }
  function open(options: { print(line: string): void; printErr(line: string): void }): Promise<OpenJpeg>;

  // biome-ignore lint/style/noDefaultExport: it is what the package exports
  export { open as default };
}
