// callboard for the browser: one import, no framework, no build step.
import { CallboardClient, rootOf } from './client.js';

export { CallboardClient } from './client.js';
export { CallboardError } from './rest.js';
export { claims, supabaseTokens, usualToken } from './tokens.js';

const shared = new Map();
let defaults = {};

/** What `sharedClient()` without options, and so every hook, uses. To be called before the first of them. */
export function configure(options) {
  defaults = options;
}

/** One client for each server, however many components ask for it: one socket, one list of calls. */
export function sharedClient(options = defaults) {
  const key = rootOf(options.url).href;
  if (!shared.has(key)) shared.set(key, new CallboardClient(options));
  return shared.get(key);
}
