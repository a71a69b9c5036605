// Times, numbers and sentences as people read them. No texts of its own: those are in texts.js.
import { TEXT } from './texts.js';

const two = (n) => String(n).padStart(2, '0');

/** A sentence with what the server said, then what to do: `what (why). then`. */
export function sentence(what, why, then = '') {
  const said = String(why ?? '').trim().replace(/[.\s]+$/, '');
  return `${what}${said ? ` (${said})` : ''}. ${then}`.trim();
}

/** `0:12`, `12:03`, `1:02:03`. */
export function duration(ms) {
  const s = Math.max(0, Math.floor((ms || 0) / 1000));
  const [hours, minutes, seconds] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** The same with two digits of minutes, so that a column of them stands still. */
export const clockDuration = (ms) => duration(ms).padStart(5, '0');

export const at = (time) => Date.parse(time ?? '') || 0;

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const EXACT = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export const timeOfDay = (ms) => (ms ? TIME.format(ms) : '');
export const exactTime = (ms) => (ms ? EXACT.format(ms) : '');
export const fullTime = (ms) => (ms ? FULL.format(ms) : '');

/** The time today, with the day before today. */
export function when(ms, now = Date.now()) {
  if (!ms) return '';
  const same = new Date(ms).toDateString() === new Date(now).toDateString();
  return same ? TIME.format(ms) : `${DAY.format(ms)}, ${TIME.format(ms)}`;
}

export function milliseconds(ms) {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 1) return TEXT.underOne;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms);
}

/** Numbers in groups as people read them in that country, kept on one line; everything else as the carrier sent it. */
export function grouped(number) {
  const sent = String(number ?? '').trim();
  if (sent === '') return TEXT.noNumber;
  if (/^anonymous$/i.test(sent)) return TEXT.anonymous;
  const sip = /^sips?:([^@]+)@/.exec(sent);
  if (sip) return sip[1];
  const groups = COUNTRIES.map((pattern) => pattern.exec(sent)).find(Boolean);
  return groups ? groups.slice(1).filter(Boolean).join('\u00a0') : sent;
}

const COUNTRIES = [
  /^(\+1)(\d{3})(\d{3})(\d{4})$/,
  /^(\+44)(20|11\d|1\d1|7\d{3}|\d{4})(\d{3,4})(\d{3,4})$/,
  /^(\+33)(\d)(\d{2})(\d{2})(\d{2})(\d{2})$/,
  /^(\+34)(\d{3})(\d{3})(\d{3})$/,
  /^(\+39)(\d{3})(\d{3})(\d{3,4})$/,
  /^(\+49)(30|40|69|89|1[5-7]\d|\d{3})(\d{3,4})(\d{2,4})(\d{2,4})?$/,
  /^(\+41)(\d{2})(\d{3})(\d{2})(\d{2})$/,
  /^(\+43)(\d{1,3})(\d{3})(\d{3,5})$/,
  /^(\+31)(\d{2})(\d{3})(\d{4})$/,
  /^(\+61)(\d)(\d{4})(\d{4})$/,
];

/** A caller's name; the carrier sends the number itself where the network gave none. */
export function nameOf({ caller_name: name, from_number: number }) {
  return name && name !== number ? name : '';
}

/** `Ada, +1 555 010 0001` for those who hear instead of seeing. */
export const callerSpoken = (call) => [nameOf(call), grouped(call.from_number)].filter(Boolean).join(', ');

export function causeOf(cause) {
  return cause ? (TEXT.causes[cause] ?? String(cause).replaceAll('_', ' ')) : '';
}
