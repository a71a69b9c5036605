// What a person has chosen, remembered in this browser.
import { storage } from '../sdk/tokens.js';

const KEY = 'callboard.preferences';
const USUAL = { sound: true, notices: false };

function read() {
  try {
    return { ...USUAL, ...JSON.parse(storage('localStorage')?.getItem(KEY) ?? '{}') };
  } catch {
    return { ...USUAL };
  }
}

export const preferences = read();

export function prefer(name, value) {
  preferences[name] = value;
  try {
    storage('localStorage')?.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // full or switched off: it holds until the page is closed
  }
}
