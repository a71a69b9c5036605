// A client of callboard: `node client.mjs wss://calls.example.com/ws TOKEN` (Node 22; 20 with --experimental-websocket).
const [url, token] = process.argv.slice(2);
const calls = new Map(); // The board: each call that has not ended, by its id.
let position; // What was seen last; sent along, nothing is missed and nothing comes twice.
let tries = 0;

function connect() {
  const socket = new WebSocket(url, 'callboard.v1');
  let pause, silence, stay = true, patience = 40_000;
  const over = () => {
    clearTimeout(silence);
    socket.onmessage = socket.onerror = socket.onclose = null;
    if (stay) setTimeout(connect, pause ?? Math.random() * Math.min(20_000, 500 * 2 ** tries++));
  };
  const listen = () => { clearTimeout(silence); silence = setTimeout(() => { over(); socket.close(); }, patience); };
  socket.onopen = () => socket.send(JSON.stringify({ type: 'connect', token, position }));
  socket.onerror = over; // Node 20 says no more than this of a server that is not there.
  socket.onclose = ({ code }) => { stay &&= code !== 1009 && (code < 4500 || code > 4999); over(); };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.heartbeat_s) { patience = 2500 * message.heartbeat_s; tries = 0; } // snapshot and resumed
    if (message.type === 'snapshot') {
      calls.clear();
      for (const call of message.calls) calls.set(call.id, call);
      position = { epoch: message.epoch, seq: message.seq };
    } else if (message.recorded_at) { // An event, of a call or of what is not shown here: each has a number.
      position.seq = message.seq;
      if (message.call?.status === 'ended') calls.delete(message.call.id); else if (message.call) calls.set(message.call.id, message.call);
    } else if (message.type === 'error') pause = message.retry_after_ms;
    console.log(message.type, message.seq ?? '', message.call?.from_number ?? message.message ?? '', `${calls.size} open`);
    listen();
  };
  listen();
}
connect();
