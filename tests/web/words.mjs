// How the page words what strangers chose: numbers that were withheld, and names that would do more than be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEXT } from '../../static/board/texts.js';
import { callerSpoken, grouped, midnight, named, nameOf, plain } from '../../static/board/words.js';

const WITHHELD = ['anonymous', 'restricted', 'unavailable', 'private', 'unknown', '+266696687'];

test('a withheld number is said in words, however the carrier wraps it', () => {
  for (const word of WITHHELD) {
    const wrapped = [
      word, word.toUpperCase(), ` ${word} `, `sip:${word}@anonymous.invalid`, `SIPS:${word}@10.0.0.1:5061;user=phone`, `${word}@sip.example.com`,
      `"${word}" <sip:${word}@host>`, `tel:${word}`, `sip:${word};phone-context=x@host`, `sip:${word}`, `\u200b${word}`,
    ];
    for (const sent of wrapped) assert.equal(grouped(sent), TEXT.anonymous, JSON.stringify(sent));
    assert.equal(nameOf({ caller_name: word.toUpperCase(), from_number: '+15550100001' }), '', word);
  }
  assert.equal(grouped('sip:xyz@anonymous.invalid'), TEXT.anonymous);
});

test('what only looks like one is a number or a name', () => {
  assert.equal(grouped('sip:anonymous.smith@example.com'), 'anonymous.smith');
  assert.equal(grouped('unknown-pleasures@example.com'), 'unknown-pleasures@example.com');
  assert.equal(grouped('+2666966870'), '+2666966870');
  assert.equal(grouped('sip:+15550100001@anonymous.example.com'), '+1\u00a0555\u00a0010\u00a00001');
  assert.equal(nameOf({ caller_name: 'Privateer Ltd', from_number: null }), 'Privateer Ltd');
  assert.equal(grouped(null), TEXT.noNumber);
});

test('what hides in a name goes, what belongs to it stays, and it is isolated where it enters a sentence', () => {
  const FAMILY = '👩\u200d👩\u200d👧';
  for (const [sent, shown] of [
    ['Ada Lovelace', 'Ada Lovelace'], ['\u202egnp.exe', 'gnp.exe'], ['a\u2066b\u2069c\u200fd\u061c\u200e', 'abcd'], ['A\u200bd\ufeffa\u00ad\u2060', 'Ada'],
    ['A\u0007d\u001b[31ma\u009f', 'Ad[31ma'], ['two\r\nlines\u2028here', 'two  lines here'], ['Eve\u200d', 'Eve'], ['E\u200dve', 'Eve'],
    ['می\u200cخواهم', 'می\u200cخواهم'], [FAMILY, FAMILY], ['Zoë Müller', 'Zoë Müller'], ['דוד', 'דוד'],
  ]) {
    assert.equal(plain(sent), shown, JSON.stringify(sent));
    assert.equal(named(sent), `\u2068${shown}\u2069`);
  }
  for (const nothing of ['', null, undefined, '   ', '\u200b', '\u200b\u200d\u200d\u200c', '\u2800', '\u3164\u115f', '\u202e\u202c', '\u0301', '\0']) {
    assert.equal(named(nothing), '', JSON.stringify(nothing));
  }
  assert.equal(callerSpoken({ caller_name: '\u202eAda', from_number: '+15550100001' }), '\u2068Ada\u2069, \u2068+1\u00a0555\u00a0010\u00a00001\u2069');
  assert.equal(callerSpoken({ caller_name: '\u200b', from_number: 'anonymous' }), `\u2068${TEXT.anonymous}\u2069`);
});

test('midnight is that of the day that it is at the server', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  const [today, week] = [new Date(midnight(0, now)), new Date(midnight(6, now))];
  assert.deepEqual([today.getHours(), today.getMinutes(), today.getDate()], [0, 0, new Date(now).getDate()]);
  assert.equal(Math.round((today - week) / 86_400_000), 6);
});
