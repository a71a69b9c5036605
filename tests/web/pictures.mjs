// Every state that the board can be in, drawn at every size, light and dark, for people to look at; and for each: nothing on
// the console, nothing sticking out sideways, nothing that keeps people with a screen reader out (axe-core).
//
// The pages are those of a real server (CALLBOARD_BIN), what they are told is not: support/standin.mjs says it.
import { after, before, test } from 'node:test';
import path from 'node:path';
import { launch, onPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';
import { BEN, MINE, StandIn, TOKEN, call, log, over } from './support/standin.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
let browser;
let server;

before(async () => {
  if (skip) return;
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
});

const LOGS = () => ({
  call_logs: [
    log(4, 'answered', { outcome: 'booked', caller_name: 'Ada Lovelace' }), log(9, 'missed'), log(14, 'abandoned', { from_number: '+442071838750' }),
    log(31, 'answered', { outcome: 'call back' }), log(55, 'answered', { from_number: '+4930901820' }), log(1500, 'missed'),
  ],
  next_cursor: 'more',
});
const HISTORY = { 'GET /api/call-logs': LOGS() };
const TALKING = () => [call(312, { status: 'answered', connected: true, ...BEN }), call(96, { status: 'answered', ...BEN, from_number: '+33142685300' })];

/** Draws one state: `setting` is what the server says, `story` brings the page into it and may look closer. */
function state(name, setting, story = async () => {}, { path: where = '', token = TOKEN, look = {}, until = 'Live' } = {}) {
  test(name, { skip }, async () => {
    const told = setting();
    const standIn = new StandIn(told);
    Object.assign(standIn, told.how);
    const address = `${server.address}${where}${token ? `#token=${token}` : ''}`;
    await onPage(browser, address, async (board) => {
      if (until) await board.state(until);
      await story(board, standIn);
      await board.pictured(name.replaceAll(/[^a-z0-9]+/gi, '-'), look);
      await board.isAccessible();
    }, { prepare: (page) => standIn.stands(page) });
  });
}

state('nobody waiting', () => ({ answers: HISTORY }), async (board) => {
  await board.page.getByText('Nobody is waiting.', { exact: true }).waitFor();
  await board.page.getByText('Ada Lovelace').waitFor();
});

state('the first call', () => ({ seq: 0 }), (board) => board.reads('#first-call-command', /^curl http.*call\.initiated/));

state('one ringing', () => ({ calls: [call(7, { caller_name: 'Ada Lovelace' })], answers: HISTORY }), (board) => board.reads('#ringing .word', 'waiting'));

state('twelve ringing', () => ({
  calls: [
    call(131, { caller_name: 'Müller & Söhne' }), call(64), call(38, { released: null }), call(25, { from_number: 'anonymous' }),
    call(22, { status: 'answering', ...BEN }), ...[19, 16, 12, 9, 6, 3, 1].map((age) => call(age)), ...TALKING(),
  ],
  answers: HISTORY,
}), (board) => board.reads('#ringing-count', '12'));

state('my phone rings', () => ({ calls: [call(14, { status: 'answering', caller_name: 'Ada Lovelace', ...MINE }), call(5)], answers: HISTORY }), (board) => board.reads('#mine .word', 'Your phone is ringing. Pick it up.'));

state('my call connected', () => ({ calls: [call(95, { status: 'answered', connected: true, caller_name: 'Ada Lovelace', ...MINE }), ...TALKING()], answers: HISTORY }), async (board) => {
  await board.reads('#mine .word', 'Connected');
  await board.page.fill('#mine textarea', 'Wants the flat in Mill Lane, two rooms, from March.');
});

state('my call answered nobody connected', () => ({ calls: [call(40, { status: 'answered', ...MINE }), call(26)], answers: HISTORY }), (board) => board.reads('#mine .word', /^Answered, nobody connected/));

state('released with reason', () => ({ calls: [call(33, { status: 'answering', ...BEN }), call(12, { status: 'answering', ...MINE })], answers: HISTORY }), async (board, standIn) => {
  const [bens, mine] = standIn.calls;
  standIn.event('call.released', { ...bens, status: 'incoming', answered_by: null, answered_by_name: null }, { reason: 'busy' });
  standIn.event('call.released', { ...mine, status: 'incoming', answered_by: null, answered_by_name: null }, { reason: 'no_answer' });
  await board.reads('#ringing > li:first-child .words', /Ben was busy$/);
  await board.reads('#said', 'The call rings again for everybody: you did not pick up.');
});

state('raced and lost', () => ({
  calls: [call(9)],
  answers: HISTORY,
}), async (board, standIn) => {
  standIn.answers.set(`POST /api/telnyx/calls/${encodeURIComponent(standIn.calls[0].call_control_id)}/answer`, [409, { error: 'Call is already being answered', answered_by_name: 'Ben' }]);
  board.failuresExpected = true;
  await board.page.keyboard.press('a');
  await board.reads('#said', 'Ben was faster.');
  standIn.event('call.answering', { ...standIn.calls[0], status: 'answering', ...BEN });
  await board.reads('#ringing .word', 'Ben is answering');
}, { look: { widths: [320, 1440] } });

state('the carrier refused', () => ({ calls: [call(9)], answers: HISTORY }), async (board, standIn) => {
  standIn.answers.set(`POST /api/telnyx/calls/${encodeURIComponent(standIn.calls[0].call_control_id)}/answer`, [502, { error: 'Telnyx refused the transfer: no outbound voice profile' }]);
  board.failuresExpected = true;
  await board.page.keyboard.press('Space');
  await board.reads('#said', /^The carrier did not do it \(Telnyx refused.*the call rings again\.$/);
}, { look: { widths: [320, 1440] } });

state('just ended', () => ({ answers: HISTORY }), async (board, standIn) => {
  for (const it of [over(200), over(70, { answered_at: new Date(Date.now() - 140_000).toISOString(), ...BEN, hangup_cause: 'normal_clearing' }), over(1)]) standIn.event('call.ended', it, { reason: 'hangup' });
  await board.page.locator('#ended > li').nth(2).waitFor();
  standIn.event('call.ended', over(0, { hangup_cause: null }), { reason: 'unknown' });
  await board.reads('#ended > li:first-child .words', /the carrier could not be asked$/);
});

state('catching up', () => ({ calls: [call(21)], answers: HISTORY }), async (board, standIn) => {
  board.failuresExpected = true;
  standIn.seq += 7; // told of, and not sent
  await standIn.closes(1012);
  await board.state(/^Catching up: 7 events$/);
});

state('stale', () => ({ calls: [call(48), call(11), ...TALKING()], answers: HISTORY }), async (board, standIn) => {
  board.failuresExpected = true;
  standIn.greeting = 'none';
  await standIn.closes(1012);
  await board.state(/^Stale for \d+:\d\d, reconnecting$/);
  if (!(await board.page.locator('.answer').first().isDisabled())) throw new Error('the buttons are on while stale');
});

state('server draining', () => ({ calls: [call(18)], answers: HISTORY }), async (board, standIn) => {
  standIn.says({ type: 'error', code: 'going_away', message: 'The server is restarting', reconnect: true, retry_after_ms: 60_000 });
  await standIn.closes(1001);
  await board.reads('#state-why', 'The server is restarting.');
});

state('signed out', () => ({}), (board) => board.page.locator('#sign-in').waitFor(), { token: '', until: 'Signed out' });

state('sign-in refused', () => ({ how: { greeting: [4500, 'the signature is not ours'] } }), (board) => board.reads('#sign-in-why', /^The server did not accept this sign-in \(the signature is not ours\)/), { until: 'Signed out', look: { widths: [320, 1440] } });

state('not an agency user', () => ({ how: { greeting: [4501, 'You belong to no agency'] } }), (board) => board.reads('#notice', /not as a member of an agency here/), { until: /^Stopped/, look: { widths: [320, 1440] } });

state('sign-in run out', () => ({ calls: [call(30)], answers: HISTORY }), async (board, standIn) => {
  standIn.says({ type: 'error', code: 'token_expired', message: 'The token has expired', reconnect: true });
  await standIn.closes(4001);
  await board.reads('#sign-in-why', /^Your sign-in has run out/);
  await board.state(/^Stale for .*, waiting for you to sign in$/);
});

const TIMELINE = (it) => {
  const at = (s) => new Date(Date.parse(it.created_at) + s * 1000).toISOString();
  const told = (type, s, delay, more = {}) => ({ type, seq: 1, occurred_at: at(s), received_at: at(s + delay), recorded_at: at(s + delay), actor: null, call: it, ...more });
  const before = { ...it, caller_name: null, recordings: [] };
  return [
    told('call.incoming', 0, 0.012), told('call.answering', 4, 0, { actor: { id: 'x', name: 'Ben' } }), told('call.released', 12, 0.03, { reason: 'busy' }),
    told('call.answering', 15, 0, { actor: { id: 'y', name: 'Anna' } }), told('call.answered', 18, 0.02, { call: before }), told('call.updated', 160, 2.4), told('call.ended', 158, 0.04),
  ];
};

const looked = () => {
  const it = log(6, 'answered', { caller_name: 'Ada Lovelace', outcome: 'booked', notes: 'Two rooms, from March. Send the plan.', hangup_cause: 'normal_clearing' });
  it.recordings = [{ id: 'rec-1', channels: 'dual', started_at: it.started_at, ended_at: it.ended_at }, { id: 'rec-2', channels: 'single', started_at: it.started_at, ended_at: it.ended_at }];
  return { it, answers: {
    'GET /api/call-logs': { call_logs: [it], next_cursor: null },
    [`GET /api/calls/${it.id}`]: it,
    [`GET /api/calls/${it.id}/events`]: { events: TIMELINE(it) },
    [`GET /api/calls/${it.id}/recordings/rec-1`]: { url: 'https://recordings.invalid/one.mp3', expires_at: it.ended_at },
    [`GET /api/calls/${it.id}/recordings/rec-2`]: [409, { error: 'not ready' }],
    [`GET /api/call-logs/${it.id}`]: it,
    [`PATCH /api/call-logs/${it.id}`]: it,
  } };
};

state('a call looked at', () => ({ calls: [call(4)], ...looked() }), async (board) => {
  board.failuresExpected = true;
  await board.page.click('#history .open');
  await board.reads('#timeline li:nth-child(3)', /Rings again was busy.*recorded after 30 ms/);
  await board.page.getByRole('button', { name: /^Play/ }).first().click();
  await board.page.locator('audio').waitFor();
  await board.page.getByRole('button', { name: /^Play/ }).click();
  await board.page.getByText('The recording is not ready yet.').waitFor();
  await board.reads('#timeline li:nth-child(6)', /Details added the caller’s name, a recording/);
  await board.page.fill('#notes textarea', 'Two rooms, from April.');
  await board.page.getByRole('button', { name: 'Save' }).click();
  await board.page.getByText('Saved', { exact: true }).waitFor();
});

state('a call that somebody else wrote about', () => {
  const { it, answers } = looked();
  const theirs = { ...it, outcome: 'call back', notes: 'Asked for the plan, will call on Monday.', updated_at: new Date().toISOString() };
  return { answers: { ...answers, [`PATCH /api/call-logs/${it.id}`]: [412, { error: 'The call log has changed since it was read; read it again', call_log: theirs }] } };
}, async (board) => {
  board.failuresExpected = true;
  await board.page.click('#history .open');
  await board.page.fill('#notes textarea', 'Sent the plan.');
  await board.page.getByRole('button', { name: 'Save' }).click();
  await board.reads('#theirs', /somebody else has written here.*Asked for the plan/);
  if ((await board.page.inputValue('#notes textarea')) !== 'Sent the plan.') throw new Error('what was typed is gone');
});

state('a call whose notes cannot be read', () => {
  const { it, answers } = looked();
  return { answers: { ...answers, [`GET /api/call-logs/${it.id}`]: [503, { error: 'The database is unavailable' }] } };
}, async (board) => {
  board.failuresExpected = true;
  await board.page.click('#history .open');
  await board.page.getByText('Outcome and notes could not be read (The database is unavailable), so nothing can be written either.').waitFor();
  if (!(await board.page.getByRole('button', { name: 'Save' }).isDisabled())) throw new Error('what was not read can be written');
}, { look: { widths: [320, 1440] } });

const OWNER = { role: 'agency_owner' };
const stored = (keys) => ({ credentials: keys.map((key) => ({ key, prefix: key.slice(0, 4) })) });
const TELNYX = ['ultravox_api_key', 'telnyx_api_key', 'telnyx_public_key', 'telnyx_application_id'];
const PART = [{ carrier: 'telnyx', key: 'telnyx_application_id', kind: 'missing' }];
// The sentences are the server's own affair: the page decides by the values beside them.
const STATUS = (ultravox, issues = PART) => ({ stored: {}, telephony_configured: false, ultravox, in_sync: !issues.length, issues, sync_issues: issues.map(() => 'Was der Server sagt.'), next_steps: [] });
const opened = (board) => board.page.click('#show-settings');

state('settings with nothing stored', () => ({ me: OWNER, answers: { ...HISTORY, 'GET /api/agency/credentials': stored([]), 'GET /api/ultravox/status': STATUS({ telnyx: null }) } }), async (board) => {
  await opened(board);
  await board.reads('#setup', /^No telephony credentials yet/);
});

state('settings complete', () => ({ me: OWNER, answers: { ...HISTORY, 'GET /api/agency/credentials': stored(TELNYX), 'GET /api/ultravox/status': STATUS({ telnyx: {} }, []) } }), async (board) => {
  await opened(board);
  await board.reads('[data-carrier=telnyx]', /Ultravox has the same/);
  await board.page.getByRole('button', { name: 'Replace Telnyx API key' }).click();
});

state('settings one key missing', () => ({ me: OWNER, answers: { ...HISTORY, 'GET /api/agency/credentials': stored(TELNYX.slice(0, 3)), 'GET /api/ultravox/status': STATUS({ telnyx: null }) } }), async (board) => {
  await opened(board);
  await board.reads('#setup', /Telnyx application id missing/);
});

state('settings Ultravox disagrees', () => ({ me: OWNER, answers: { ...HISTORY, 'GET /api/agency/credentials': stored(TELNYX), 'GET /api/ultravox/status': STATUS({ telnyx: {} }, [{ carrier: 'telnyx', key: 'telnyx_api_key', kind: 'differs' }, { carrier: 'telnyx', key: null, kind: 'no_agents' }]) } }), async (board) => {
  await opened(board);
  await board.reads('[data-carrier=telnyx]', /something else than what is stored/);
  await board.reads('#advice', 'Ultravox has another Telnyx API key than what is stored. If what is stored is right, import Telnyx again.Ultravox lets no agent take calls of Telnyx. Allow agents in Ultravox.');
});

state('settings with an issue of tomorrow', () => ({ me: OWNER, answers: { ...HISTORY, 'GET /api/agency/credentials': stored(TELNYX), 'GET /api/ultravox/status': STATUS({ telnyx: {} }, [{ carrier: 'telnyx', key: null, kind: 'billing' }]) } }), async (board) => {
  await opened(board);
  await board.reads('[data-carrier=telnyx]', /Ultravox has the same/);
  await board.reads('#advice', 'Was der Server sagt.');
});

state('webhooks that could not be read', () => ({ me: OWNER, calls: [call(7)], answers: { ...HISTORY, 'GET /api/agency/webhooks': { failed: 3 } } }), async (board) => {
  await board.reads('#unread', /^3 webhooks could not be read: .*callboard verify/);
});

state('webhooks that could not be read are the owner’s affair', () => ({ answers: { ...HISTORY, 'GET /api/agency/webhooks': { failed: 3 } } }), async (board, standIn) => {
  await board.page.getByText('Ada Lovelace').waitFor();
  if (standIn.asked.some(({ path }) => path === '/api/agency/webhooks')) throw new Error('an agent has asked for what is the owner’s');
}, { look: { widths: [1440] } });

state('latency', () => ({ answers: HISTORY }), async (board, standIn) => {
  for (let i = 0; i < 12; i += 1) standIn.event('call.incoming', call(0));
  await board.page.click('#show-latency');
  await board.reads('#latency-fromCommit', /over 12 events/);
}, { look: { widths: [320, 1440] } });

state('keys', () => ({ answers: HISTORY }), (board) => board.page.keyboard.press('?'), { look: { widths: [320, 1440] } });

const hours = Array.from({ length: 17 }, (_, hour) => {
  const calls = hour < 7 ? 0 : Math.round(18 + 14 * Math.sin(hour * 1.3));
  return { hour: new Date(new Date().setHours(hour, 0, 0, 0)).toISOString(), calls, answered: Math.round(calls * 0.85), missed: Math.floor(calls * 0.1), abandoned: Math.floor(calls * 0.05) };
});
const STATS = { 'GET /api/stats': { waiting_now: 3, longest_wait_s: 71, answered: 187, missed: 11, abandoned: 6, average_wait_s: 9.4, within_20_s: 0.91, calls_by_hour: hours } };

state('wallboard', () => ({ calls: [call(71, { caller_name: 'Ada Lovelace' }), call(24), call(6), ...TALKING()], answers: STATS }), (board) => board.reads('#wall-answered', '187'), { path: 'wall' });
state('wallboard quiet', () => ({ answers: { 'GET /api/stats': { answered: 0, missed: 0, abandoned: 0, average_wait_s: null, within_20_s: null, calls_by_hour: [] } } }), (board) => board.page.getByText('Nobody is waiting.', { exact: true }).waitFor(), { path: 'wall', look: { schemes: ['dark'] } });

// A language that needs half as much room again, as German does, in place of every text.
test('texts as long as German ones still fit', { skip }, async () => {
  const standIn = new StandIn({ calls: [call(64, { caller_name: 'Donaudampfschifffahrtsgesellschaft mbH & Co. KG' }), call(7, { status: 'answering', ...MINE }), ...TALKING()], me: OWNER, answers: HISTORY });
  await onPage(browser, `${server.address}#token=${TOKEN}`, async (board) => {
    await board.page.locator('#mine').waitFor();
    await board.pictured('long-texts');
  }, {
    prepare: async (page) => {
      await standIn.stands(page);
      await page.route(/board\/texts\.js/, async (route) => {
        const answer = await route.fetch();
        const source = `${await answer.text()}
          const longer = (text) => text.length > 12 ? text + ' ' + text.slice(0, text.length / 2) : text + 'szeiten';
          for (const [name, text] of Object.entries(TEXT)) {
            if (typeof text === 'string' && !/Command$/.test(name)) TEXT[name] = longer(text);
            if (typeof text === 'function') TEXT[name] = (...values) => longer(text(...values));
          }`;
        await route.fulfill({ response: answer, body: source });
      });
    },
  });
});
