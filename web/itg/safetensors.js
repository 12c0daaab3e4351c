/** Safetensors files: a JSON header, then the tensors' bytes. */

const KINDS = {
  F32: Float32Array, F64: Float64Array, I8: Int8Array, U8: Uint8Array, I16: Int16Array, I32: Int32Array,
  I64: BigInt64Array, F16: Uint16Array,
};

/** { name: { shape, data } } of an ArrayBuffer; I64 becomes float64, whose integers are exact here; F16 stays its bits. */
export function tensorsOf(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: [start, end] } = entry;
    const data = new KINDS[dtype](buffer.slice(8 + length + start, 8 + length + end));
    tensors[name] = { dtype, shape, data: dtype === "I64" ? Float64Array.from(data, Number) : data };
  }
  return tensors;
}
