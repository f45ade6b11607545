// A file cannot be read as a CT slice; the message is one sentence for the person who chose it.
export class ReadError extends Error {}
