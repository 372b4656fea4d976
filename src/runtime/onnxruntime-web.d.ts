// package.json resolves the name by platform; the types are the same.
declare module "#onnxruntime-web" {
  export * from "onnxruntime-web";
}
