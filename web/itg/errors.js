/** A file that cannot be read; `kind` is the name that Intaglio's Python errors have. The message is one sentence. */
export class ItgError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = "ItgError";
    this.kind = kind;
  }
}
