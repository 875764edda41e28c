// A trained model as a file.

import { useState } from "preact/hooks";
import type { HostedSequential } from "xent";
import { Button } from "../shared/controls.tsx";
import { Problem } from "../shared/problem.tsx";
import { onnxOf } from "./onnx.ts";

interface DownloadsProps {
  readonly model: HostedSequential | undefined;
  readonly name: string;
  readonly disabled: boolean;
  /** type of the ONNX file's input */
  readonly input: "u8" | "f32";
}

export function Downloads({ model, name, disabled, input }: DownloadsProps) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const give = async (ending: "safetensors" | "onnx"): Promise<void> => {
    if (model === undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      const saved = await model.save();
      const bytes = ending === "safetensors" ? saved : await onnxOf(saved, input);
      hand(bytes, `${name}.${ending}`);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const off = disabled || busy || model === undefined;
  return (
    <>
      <div class="row">
        <Button small disabled={off} onClick={() => void give("safetensors")}>
          Download model
        </Button>
        <Button small disabled={off} onClick={() => void give("onnx")}>
          Download ONNX
        </Button>
      </div>
      <Problem start="The file could not be made." error={error} />
    </>
  );
}

function hand(bytes: Uint8Array, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  link.download = name;
  link.click();
  // the browser has taken it by then
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
