/** The part of the reader that is used. */
interface ModuleOverrides {
  locateFile?: (path: string) => string;
  instantiateWasm?: (
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
}

export declare function prepareZXingModule(options: {
  overrides: ModuleOverrides;
  fireImmediately: true;
}): Promise<unknown>;

export declare function readBarcodes(
  image: ImageData,
  options: {
    formats: string[];
    tryHarder: boolean;
    tryRotate: boolean;
    tryInvert: boolean;
    tryDownscale: boolean;
    tryDenoise: boolean;
    binarizer: 'LocalAverage';
    maxNumberOfSymbols: number;
    textMode: 'Plain';
  },
): Promise<{ isValid: boolean; text: string }[]>;
