export const page = (r: unknown): string => JSON.stringify(r);
