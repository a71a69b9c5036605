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
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const ZONE = WEEKDAY.resolvedOptions().timeZone;
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export const timeOfDay = (ms) => (ms ? TIME.format(ms) : '');
export const exactTime = (ms) => (ms ? EXACT.format(ms) : '');
export const fullTime = (ms) => (ms ? FULL.format(ms) : '');

const inZone = (timeZone, how) => new Intl.DateTimeFormat(undefined, { ...how, timeZone });

/** The day, and whose day it is: `Thursday 26 November, Europe/Berlin`. */
export function dayAndZone(ms, zone = ZONE) {
  return [inZone(zone, { weekday: 'long', day: 'numeric', month: 'long' }).format(ms), zone].filter(Boolean).join(', ');
}

/** The hour of the day there. */
export const hourIn = (ms, zone = ZONE) => Number(inZone(zone, { hour: 'numeric', hourCycle: 'h23' }).format(ms));

/** Midnight here, so many days ago, of the day that it is at the server's time. */
export function midnight(daysAgo, now) {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - daysAgo);
  return day.toISOString();
}

/** The time today, with the day before today. */
export function when(ms, now) {
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

// Out of a text that a stranger chose: control characters, those that turn the direction of writing, those without a width.
const LINE_ENDS = /[\t-\r\x85\u2028\u2029]/g;
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u00ad\u034f\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]/gu;
// A joiner stays where it joins, as in Persian words and in emoji.
const IDLE_JOINER = /(?<![^\0-\u058f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\0-\u058f\u200c\u200d])/gu;
const VISIBLE = /[^\p{White_Space}\p{M}\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/u;

/** A name as it may be shown by itself; nothing where nothing of it can be seen. */
export function plain(text) {
  const kept = String(text ?? '').replace(LINE_ENDS, ' ').replace(UNSEEN, '').replace(IDLE_JOINER, '').trim();
  return VISIBLE.test(kept) ? kept : '';
}

/** A name as it enters a sentence: between U+2068 and U+2069, so that its direction of writing ends with it. */
export function named(text) {
  const name = plain(text);
  return name && `\u2068${name}\u2069`;
}

// What carriers and networks say where a number was withheld; +266696687 spells ANONYMOUS.
const WITHHELD = new Set(['anonymous', 'restricted', 'unavailable', 'private', 'unknown', '+266696687', '266696687']);

/** `user` of `sip:user@host;…`, `<sip:user@host>`, `tel:user` and `user@host`; else the whole. */
function userOf(sent) {
  const inside = /<([^<>]*)>[^<>]*$/.exec(sent)?.[1] ?? sent;
  return inside.replace(/^(sips?|tel):/i, '').split(/[@;?]/)[0].trim();
}

// RFC 3323 has a host for it as well.
const isWithheld = (text) => WITHHELD.has(userOf(text).replace(/^"(.*)"$/, '$1').toLowerCase()) || /@anonymous\.invalid\b/i.test(text);

/** Numbers in groups as people read them in that country, kept on one line; everything else as the carrier sent it. */
export function grouped(number) {
  const sent = plain(number);
  if (sent === '') return TEXT.noNumber;
  if (isWithheld(sent)) return TEXT.anonymous;
  const sip = /^<?(?:sips?|tel):/i.test(sent) ? userOf(sent) || sent : sent;
  const groups = COUNTRIES.map((pattern) => pattern.exec(sip)).find(Boolean);
  return groups ? groups.slice(1).filter(Boolean).join('\u00a0') : sip;
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

/** A caller's name; the carrier sends the number itself where the network gave none, or a word where both are withheld. */
export function nameOf({ caller_name: sent, from_number: number }) {
  const name = plain(sent);
  return name && name !== plain(number) && !isWithheld(name) ? name : '';
}

/** `Ada, +1 555 010 0001` for those who hear instead of seeing. */
export const callerSpoken = (call) => [nameOf(call), grouped(call.from_number)].filter(Boolean).map(named).join(', ');

export function causeOf(cause) {
  return cause ? (TEXT.causes[cause] ?? plain(cause).replaceAll('_', ' ')) : '';
}
