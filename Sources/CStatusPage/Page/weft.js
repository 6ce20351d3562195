// The page of a Weft node: asks the node how it sees the mesh, and shows it as a picture and as a table.
//
// Names, addresses and versions in a report come from other machines. They get into the page as text or as attributes, cleaned and
// clipped by `readText`, never as markup.

const pollMillis = 2000;
const patienceMillis = 5000;
/** More members than these are counted, but not shown: a browser would be busy with nothing else. */
const mostShown = 1500;

// MARK: Reading a report. What is missing or of another kind becomes empty, what is not known is passed over.

/** Without what could hide or reorder the text around it: controls, marks of direction, towers of accents. */
function readText(value, limit = 80) {
  if (typeof value !== "string") return "";
  return clipped(value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "\ufffd").replace(/(\p{M}{2})\p{M}+/gu, "$1"), limit);
}

const readTexts = (value, limit) => (Array.isArray(value) ? value.slice(0, 20).map((text) => readText(text, limit)).filter(Boolean) : []);
const readNumber = (value) => (Number.isFinite(value) && value >= 0 ? value : undefined);

const memberFields = {
  name: readText, peer_id: readText, addresses: readTexts, state: readText, endpoint: readText, software: readText,
  last_handshake_seconds_ago: readNumber, received_bytes: readNumber, sent_bytes: readNumber, round_trip_millis: readNumber,
};
const nodeFields = {
  name: readText, interface: readText, wireguard: readText, mesh: readText, uptime_seconds: readNumber,
  problems: (value) => readTexts(value, 300),
};

function readFields(value, fields) {
  return Object.fromEntries(Object.entries(fields).map(([key, read]) => [key, read(value?.[key])]));
}

function readMember(value) {
  const member = readFields(value, memberFields);
  return { ...member, id: member.peer_id || member.name, name: member.name || member.peer_id, state: member.state || "?" };
}

function readReport(json) {
  if (!Array.isArray(json?.members)) throw new SyntaxError("no members");
  const everybody = [...new Map(json.members.map(readMember).map((member) => [member.id, member])).values()];
  // There is always somebody in the middle, even if the node is no member yet.
  const itself = everybody.find((member) => member.state === "self") ?? readMember({ ...json.node, state: "self" });
  const others = everybody.filter((member) => member !== itself).sort((a, b) => rank(a) - rank(b)).slice(0, mostShown - 1).sort(byName);
  return { at: performance.now(), node: readFields(json.node, nodeFields), everybody, members: [itself, ...others] };
}

// People expect host-2 before host-10. The peer id decides between equals, so the order is the same every time.
const collator = new Intl.Collator("en", { numeric: true });
const byName = (a, b) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);

// MARK: Words and numbers, in the forms of `weft status`.

/** The remarkable ones first. The states of later versions share a shape and a colour. */
const states = ["self", "connected", "unreachable", "known", "other"];
const shape = (member) => (states.includes(member.state) ? member.state : "other");
const rank = (member) => states.indexOf(shape(member));

function clipped(text, limit) {
  const letters = [...text];
  return letters.length <= limit ? text : `${letters.slice(0, limit - 1).join("")}…`;
}

const joined = (texts, separator) => texts.filter(Boolean).join(separator);
const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function byteText(bytes) {
  if (bytes === undefined) return "";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** Less than a byte a second is silence. */
const rateText = (rate) => (rate >= 1 ? `${byteText(rate)}/s` : "");

function durationText(seconds) {
  const whole = Math.floor(seconds);
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(whole / unit));
  if (days > 0) return `${days}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m${whole % 60}s` : `${whole}s`;
}

/** What there is to say of a member; empty if it is not known. */
const facts = {
  State: (member) => (member.state === "self" ? "this node" : member.state),
  "Round trip": (member) => (member.round_trip_millis === undefined ? "" : `${member.round_trip_millis.toFixed(1)} ms`),
  Endpoint: (member) => member.endpoint,
  Handshake: (member) => (member.last_handshake_seconds_ago === undefined ? "" : `${durationText(member.last_handshake_seconds_ago)} ago`),
  Received: (member) => byteText(member.received_bytes),
  Receiving: (member) => rateText(member.receiving),
  Sent: (member) => byteText(member.sent_bytes),
  Sending: (member) => rateText(member.sending),
  Addresses: (member) => member.addresses.join(", "),
  "Peer id": (member) => member.peer_id,
  Version: (member) => member.software,
};

// MARK: Rates, from two reports in a row.

/** Gives every member `receiving` and `sending` in bytes a second: undefined at first, and when its counters begin anew. */
function addRates(report, last) {
  const seconds = (report.at - last?.at) / 1000;
  const rate = (before, after) => (after >= before && seconds > 0 ? (after - before) / seconds : undefined);
  const before = new Map(last?.members.map((member) => [member.id, member]));
  for (const member of report.members) {
    member.receiving = rate(before.get(member.id)?.received_bytes, member.received_bytes);
    member.sending = rate(before.get(member.id)?.sent_bytes, member.sent_bytes);
  }
}

/** How busy a path is, from 0 to 1: equal steps are tenfold traffic, from 10 B/s to 100 MB/s. */
function warmth({ receiving = 0, sending = 0 }) {
  return bounded((Math.log10(receiving + sending + 1) - 1) / 7, 0, 1);
}

// MARK: Who stands where. Only the number of members, the longest name and the size decide: nobody moves while these stay.

const turn = 2 * Math.PI;
const degrees = (angle) => (angle * 360) / turn;
const bounded = (value, least, most) => Math.min(most, Math.max(least, value));
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/**
 * Places around the middle, clockwise in the order of the names. A few members stand on one circle with their names beside them, more
 * with their names along the rays; a crowd on several circles from the inside out, which all begin at the top, so that a newcomer
 * shifts the others by a step at most.
 */
function arrange(number, longestName, width, height) {
  const half = Math.min(width, height) / 2;
  const small = half < 250;
  const kind = (name) => (small ? `${name} small` : name);

  const roomy = Math.min(longestName, small ? 14 : 20);
  const beside = Math.min(width / 2 - (small ? 56 : Math.max(roomy, 13) * 7.4 + 24), height / 2 - 56, 260);
  if ((turn * beside) / number >= 105) return { kind: kind("beside"), letters: roomy, dot: 11, places: circle(number, beside) };

  const letters = Math.min(longestName, small ? 10 : 18);
  const rays = half - letters * (small ? 5.9 : 6.4) - 20;
  const apart = (turn * rays) / number;
  if (rays >= 75 && apart >= (small ? 10 : 11.5)) {
    return { kind: kind("radial"), letters, dot: bounded(apart / 3, 4, 7), places: circle(number, rays) };
  }
  return { kind: kind("rings"), letters: Math.min(letters, 12), ...rings(number, half * 0.28, half - (small ? 14 : 54)) };
}

/** Two members stand left and right, three on their feet. */
function circle(number, radius, step = 0.5) {
  const first = turn * (step / Math.max(2, number) - 0.25);
  return Array.from({ length: number }, (_, index) => ({ angle: first + (turn * index) / number, radius }));
}

/** As many circles as bring neighbours on a circle about as far apart as the circles are. */
function rings(number, innermost, outermost) {
  let [radii, gap, apart] = [[outermost], outermost, 0];
  while (apart < gap * 0.85) {
    gap = (outermost - innermost) / radii.length;
    radii = Array.from({ length: radii.length + 1 }, (_, index) => innermost + index * gap);
    apart = (turn * sum(radii)) / number;
  }
  const places = [];
  for (const [index, radius] of radii.entries()) {
    const share = Math.round(((number - places.length) * radius) / sum(radii.slice(index)));
    // Every second circle is shifted by half a step, else the eye sees columns.
    places.push(...circle(share, radius, index % 2 ? 0.75 : 0.25));
  }
  return { places, dot: bounded(apart * 0.19, 1.5, 5) };
}

// MARK: Touching the document. What is equal already is left alone: a selected text stays so, and nothing is laid out anew.

const byId = (id) => document.getElementById(id);
const made = (space) => (name, attributes, ...children) => {
  const element = document.createElementNS(`http://www.w3.org/${space}`, name);
  set(element, attributes);
  element.append(...children);
  return element;
};
const element = made("1999/xhtml");
const drawing = made("2000/svg");

function set(target, attributes = {}, text) {
  for (const [name, value] of Object.entries(attributes)) {
    if (target.getAttribute(name) !== String(value)) target.setAttribute(name, value);
  }
  if (text !== undefined && target.textContent !== text) target.textContent = text;
}

const setText = (target, text) => set(target, {}, text);

/** Keeps the focus where it is. */
function setOrder(parent, children) {
  const focused = document.activeElement;
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  if (parent.contains(focused)) focused.focus({ preventScroll: true });
}

/** One view a member, brought up to date: newcomers get theirs, those of leavers are removed. */
function viewsOf(members, views, View) {
  const leavers = new Set(views.keys());
  for (const member of members) {
    leavers.delete(member.id);
    if (!views.has(member.id)) views.set(member.id, new View(member.id));
    views.get(member.id).show(member);
  }
  for (const id of leavers) {
    views.get(id).remove();
    views.delete(id);
  }
  return members.map((member) => views.get(member.id));
}

/** Pointer and focus mark a member, a click selects it. */
function listen(target, selector, { mark, select }) {
  const meant = (event) => event.target.closest(selector)?.dataset.id;
  for (const type of ["pointerover", "focusin"]) target.addEventListener(type, (event) => mark(meant(event)));
  for (const type of ["pointerleave", "focusout"]) target.addEventListener(type, () => mark(undefined));
  target.addEventListener("click", (event) => meant(event) !== undefined && select(meant(event)));
}

// MARK: The picture

/** How far a path bends aside, as a part of its length. */
const bend = 0.06;
const hubRadius = 24;

/** A member in the picture, and the path to it. */
class Dot {
  edge = drawing("path");
  #halo = drawing("circle", { class: "halo" });
  #use = drawing("use");
  #name = drawing("text", { class: "name" });
  #address = drawing("text", { class: "address" });
  #roundTrip = drawing("text", { class: "roundTrip" });

  constructor(id) {
    const parts = [this.#halo, this.#use, this.#name, this.#address, this.#roundTrip];
    this.node = drawing("g", { role: "button", tabindex: -1, "data-id": id }, ...parts);
  }

  remove() {
    this.edge.remove();
    this.node.remove();
  }

  show(member) {
    const kind = joined([shape(member), member.marked && "marked", !member.kept && "out", !member.endpoint && "placeless"], " ");
    set(this.edge, { class: `edge ${kind}` });
    const spoken = joined([member.name, facts.State(member), facts["Round trip"](member)], ", ");
    set(this.node, { class: `node ${kind}`, "aria-pressed": member.selected, "aria-label": spoken });
    set(this.#use, { href: `#shape-${shape(member)}` });
    setText(this.#roundTrip, facts["Round trip"](member));
    // In few steps, so that steady traffic paints nothing anew.
    this.edge.style.setProperty("--warmth", warmth(member).toFixed(1));
  }

  place(member, { angle, radius }, { kind, letters, dot }) {
    set(this.node, { transform: `translate(${radius * Math.cos(angle)} ${radius * Math.sin(angle)})` });
    set(this.edge, { transform: `rotate(${degrees(angle)})`, d: `M${hubRadius} 0Q${radius / 2} ${radius * bend} ${radius - dot} 0` });
    this.#size(dot);
    setText(this.#name, clipped(member.name, letters));
    setText(this.#address, clipped(member.addresses[0] ?? "", 15));
    if (kind.startsWith("beside")) this.#writeBeside(angle, radius, dot, kind === "beside");
    else this.#writeAlong(angle, dot);
  }

  /** This node. */
  placeInMiddle(member) {
    this.#size(16);
    setText(this.#name, clipped(member.name, 20));
    write(this.#name, "middle", 0, 0, 40);
  }

  #size(dot) {
    set(this.#use, { x: -dot * 1.1, y: -dot * 1.1, width: dot * 2.2, height: dot * 2.2 });
    set(this.#halo, { r: Math.max(dot * 1.2 + 3, 8) });
  }

  /** Above and below the shapes, and on their sides if there is room. */
  #writeBeside(angle, radius, dot, sideways) {
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    const vertically = ["middle", 0, y > -0.1 ? dot + 18 : -dot - 24];
    const [anchor, away, down] = sideways && Math.abs(x) > 0.35 ? [x > 0 ? "start" : "end", Math.sign(x) * (dot + 8), -3] : vertically;
    write(this.#name, anchor, 0, away, down);
    write(this.#address, anchor, 0, away, down + 15);
    // In the middle of the path, where it is farthest aside.
    const [along, aside] = [-radius * 0.45, (radius * bend) / 2];
    write(this.#roundTrip, "middle", 0, along * x - aside * y, along * y + aside * x + 4);
  }

  /** Outwards the name, inwards along the path the round trip. On the left turned again, so that nothing is upside down. */
  #writeAlong(angle, dot) {
    const left = Math.cos(angle) < -0.001;
    const [side, again] = left ? [-1, Math.PI] : [1, 0];
    write(this.#name, left ? "end" : "start", angle + again, side * (dot + 6), 4);
    write(this.#roundTrip, left ? "start" : "end", angle + again - bend * 1.7, -side * (dot + 8), 4);
  }
}

function write(text, anchor, angle, x, y) {
  set(text, { "text-anchor": anchor, transform: `rotate(${degrees(angle)}) translate(${x} ${y})` });
}

class Picture {
  #svg = byId("picture");
  #edges = drawing("g", { "aria-hidden": true });
  #nodes = drawing("g");
  #callout = drawing("text", { class: "callout", "text-anchor": "middle", "aria-hidden": true });
  #dots = new Map();
  #members = [];
  #arrangement;
  #arrangedFor;

  constructor(handlers) {
    this.#svg.append(this.#edges, this.#nodes, this.#callout);
    listen(this.#svg.parentElement, ".node", handlers);
    this.#svg.addEventListener("keydown", (event) => this.#press(event, handlers.select));
    new ResizeObserver(() => this.#arrange()).observe(this.#svg);
  }

  show(members, meant) {
    this.#members = members;
    // The remarkable ones last, so on top.
    const dots = viewsOf([...members].sort((a, b) => rank(b) - rank(a)), this.#dots, Dot);
    setOrder(this.#edges, dots.map((dot) => dot.edge));
    setOrder(this.#nodes, dots.map((dot) => dot.node));
    if (!dots.some((dot) => dot.node.tabIndex === 0)) dots.at(-1).node.tabIndex = 0;
    this.#arrange();
    this.#callOut(meant);
  }

  /** Only when something changed that matters: the places are the same, then. */
  #arrange() {
    const { width, height } = this.#svg.getBoundingClientRect();
    const asked = JSON.stringify([width, height, this.#members.map(({ id, name, addresses }) => [id, name, addresses])]);
    if (asked === this.#arrangedFor || width === 0 || this.#members.length === 0) return;
    this.#arrangedFor = asked;
    const [itself, ...others] = this.#members;
    const arrangement = arrange(others.length, Math.max(...others.map((member) => [...member.name].length)), width, height);
    set(this.#svg, { viewBox: `${-width / 2} ${-height / 2} ${width} ${height}`, class: arrangement.kind });
    this.#arrangement = arrangement;
    this.#dots.get(itself.id).placeInMiddle(itself);
    others.forEach((member, index) => this.#dots.get(member.id).place(member, arrangement.places[index], arrangement));
  }

  /** In a crowd most names are hidden: the one that is meant is written on top of everything, and inside the picture. */
  #callOut(member) {
    const place = this.#arrangement?.kind.startsWith("rings") && this.#arrangement.places[this.#members.indexOf(member) - 1];
    if (!place) return setText(this.#callout, "");
    const text = joined([clipped(member.name, 24), facts["Round trip"](member)], "  ");
    const reach = Math.max(0, this.#svg.viewBox.baseVal.width / 2 - text.length * 4);
    const [x, y] = [place.radius * Math.cos(place.angle), place.radius * Math.sin(place.angle) - 14];
    set(this.#callout, { x: bounded(x, -reach, reach), y }, text);
  }

  /** The picture is one stop of the tab key; arrow keys go on from there. */
  #press(event, select) {
    const id = event.target.dataset.id;
    const here = this.#members.findIndex((member) => member.id === id);
    const next = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") select(id);
    else if (next === undefined) return;
    else this.#focus(this.#members.at(next % this.#members.length).id);
    event.preventDefault();
  }

  #focus(id) {
    for (const [own, { node }] of this.#dots) node.tabIndex = own === id ? 0 : -1;
    this.#dots.get(id).node.focus();
  }
}

// MARK: The table

const age = (member) => member.last_handshake_seconds_ago ?? Infinity;

/** The facts that a column shows, large (by default the one that it is named for) and small, and what it sorts by. */
const columns = [
  { label: "Member", kind: "who", by: () => 0 },
  { label: "State", kind: "state", small: "Version", by: rank },
  { label: "Round trip", kind: "figure", by: (member) => member.round_trip_millis ?? Infinity },
  { label: "Received", kind: "figure", small: "Receiving", by: (member) => -member.received_bytes || 0 },
  { label: "Sent", kind: "figure", small: "Sending", by: (member) => -member.sent_bytes || 0 },
  { label: "Endpoint, handshake", kind: "place", large: "Endpoint", small: "Handshake", by: age },
];

class Row {
  #use = drawing("use");
  #name = element("bdi");
  #button = element("button", {}, drawing("svg", { "aria-hidden": true }, this.#use), this.#name);
  #address = element("span", { class: "sub" });
  #cells = columns.slice(1).map((column) => ({ column, large: element("span"), small: element("span", { class: "sub" }) }));

  constructor(id) {
    const head = element("th", { role: "rowheader", scope: "row", class: "who" }, this.#button, this.#address);
    const cells = this.#cells.map(({ column, large, small }) =>
      element("td", { role: "cell", class: column.kind, "data-label": column.label }, large, small));
    this.row = element("tr", { role: "row", "data-id": id }, head, ...cells);
  }

  remove() { this.row.remove(); }

  show(member) {
    set(this.row, { class: joined([member.marked && "marked", member.selected && "selected"], " ") });
    this.row.hidden = !member.kept;
    set(this.#button, { class: shape(member), "aria-pressed": member.selected });
    set(this.#use, { href: `#shape-${shape(member)}` });
    set(this.#name, { title: member.name }, member.name);
    setText(this.#address, member.addresses[0] ?? "");
    for (const { column, large, small } of this.#cells) {
      setText(large, facts[column.large ?? column.label](member) || "–");
      setText(small, facts[column.small]?.(member) ?? "");
    }
  }
}

class Table {
  #body = document.querySelector("tbody");
  #heads = columns.map(({ label, kind }) => element("th", { role: "columnheader", class: kind }, element("button", {}, label)));
  #rows = new Map();
  #members = [];
  #column = columns[0];

  constructor(handlers) {
    listen(this.#body, "tr", handlers);
    document.querySelector("thead tr").append(...this.#heads);
    this.#heads.forEach((head, index) => head.firstChild.addEventListener("click", () => this.#sortBy(columns[index])));
    this.#sortBy(this.#column);
  }

  show(members) {
    this.#members = members;
    viewsOf(members, this.#rows, Row);
    this.#sort();
  }

  #sortBy(column) {
    this.#column = column;
    this.#heads.forEach((head, index) => set(head, { "aria-sort": columns[index] === column ? "other" : "none" }));
    this.#sort();
  }

  #sort() {
    const { by } = this.#column;
    // Infinity less Infinity is no number: the names decide then, too.
    const sorted = [...this.#members].sort((a, b) => by(a) - by(b) || byName(a, b));
    setOrder(this.#body, sorted.map((member) => this.#rows.get(member.id).row));
  }

  reveal(id) { this.#rows.get(id)?.row.scrollIntoView({ block: "nearest" }); }
}

// MARK: One member in full

/** The same lines for everybody: the table below must not move while the pointer goes over it. */
class Details {
  #values = Object.keys(facts).map((label) => {
    const value = element("dd");
    document.querySelector("dl").append(element("div", {}, element("dt", {}, label), value));
    return value;
  });

  show(member) {
    set(document.querySelector("h2 svg"), { class: shape(member) });
    set(document.querySelector("h2 use"), { href: `#shape-${shape(member)}` });
    set(document.querySelector("h2 bdi"), { title: member.name }, member.name);
    Object.values(facts).forEach((fact, index) => setText(this.#values[index], fact(member) || "–"));
  }
}

// MARK: What stands above

const chips = document.querySelectorAll("#summary button");

function showHeader({ node, everybody, members }, show) {
  for (const button of chips) {
    const state = button.dataset.show;
    const number = (state === "all" ? everybody : everybody.filter((member) => member.state === state)).length;
    set(button, { "aria-pressed": state === show });
    setText(button.querySelector("b"), `${number}`);
  }
  const title = node.name || "Weft";
  const [mesh, wireguard] = [node.mesh && `mesh ${node.mesh}`, node.wireguard && `WireGuard: ${node.wireguard}`];
  setText(byId("node"), title);
  setText(byId("facts"), joined([node.interface, mesh, wireguard, `up ${durationText(node.uptime_seconds ?? 0)}`], " · "));
  showProblems(node.problems);
  showLimit(everybody.length, members.length);
  const size = counted(everybody.length, "member");
  document.title = `${node.problems.length > 0 ? "! " : ""}${title} · ${size} · Weft`;
}

function showProblems(problems) {
  const [list, none] = [byId("problems"), problems.length === 0];
  list.hidden = none;
  set(byId("health"), { class: none ? "" : "bad" }, none ? "no problems" : counted(problems.length, "problem"));
  if (list.textContent !== problems.join("")) list.replaceChildren(...problems.map((problem) => element("li", {}, problem)));
}

function showLimit(number, shown) {
  byId("limit").hidden = number === shown;
  setText(byId("limit"), `${shown} of ${number} members are shown: the connected and the unreachable ones first.`);
}

// MARK: All of it

class MeshPage {
  #details = new Details();
  #handlers = { mark: (id) => this.#mark(id), select: (id) => this.#select(id) };
  #picture = new Picture(this.#handlers);
  #table = new Table(this.#handlers);
  #report;
  #marked;
  #selected;
  #show = "all";
  #sought = "";

  constructor() {
    for (const button of chips) button.addEventListener("click", () => this.#filter(button.dataset.show, this.#sought));
    byId("filter").addEventListener("input", (event) => this.#filter(this.#show, event.target.value.trim().toLowerCase()));
    byId("filter").form.addEventListener("submit", (event) => event.preventDefault());
  }

  take(report) {
    addRates(report, this.#report);
    this.#report = report;
    this.#draw();
  }

  #mark(id) {
    if (id === this.#marked) return;
    this.#marked = id;
    // Not at once: an element that is removed with the focus on it says so in the middle of a drawing.
    queueMicrotask(() => this.#draw());
  }

  /** Who is selected again is not selected any more. */
  #select(id) {
    this.#selected = id === this.#selected ? undefined : id;
    this.#draw();
    this.#table.reveal(this.#selected);
  }

  #filter(show, sought) {
    [this.#show, this.#sought] = [show, sought];
    this.#draw();
  }

  #keeps(member) {
    const texts = [member.name, member.software, member.endpoint, ...member.addresses];
    return (this.#show === "all" || member.state === this.#show) && texts.some((text) => text.toLowerCase().includes(this.#sought));
  }

  #draw() {
    if (!this.#report) return;
    const members = this.#report.members;
    for (const member of members) {
      member.marked = member.id === this.#marked;
      member.selected = member.id === this.#selected;
      member.kept = this.#keeps(member);
    }
    // Whoever is pointed at, else who is selected, else this node.
    const meant = members.find((member) => member.marked) ?? members.find((member) => member.selected) ?? members[0];
    showHeader(this.#report, this.#show);
    this.#picture.show(members, meant);
    this.#table.show(members);
    this.#details.show(meant);
    const kept = members.filter((member) => member.kept).length;
    setText(byId("shown"), kept === members.length ? "" : `${kept} of ${members.length}`);
  }
}

// MARK: Asking

async function askNode() {
  const response = await fetch("status.json", { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(patienceMillis) });
  if (!response.ok) throw new Error(`it says ${response.status}`);
  return readReport(await response.json());
}

const reasons = {
  TimeoutError: `nothing came within ${patienceMillis / 1000} seconds`,
  TypeError: "no connection",
  SyntaxError: "what came is no status report",
};

/** Asks again and again, but only while somebody can see the page, and one question at a time. */
class Pulse {
  #page = new MeshPage();
  #asking = false;
  #heardAt;
  #timer;

  constructor() {
    document.addEventListener("visibilitychange", () => this.beat());
    setInterval(() => this.#tellAge(), 1000);
  }

  async beat() {
    clearTimeout(this.#timer);
    if (this.#asking || document.visibilityState !== "visible") return;
    this.#asking = true;
    const [report, error] = await askNode().then((report) => [report], (error) => [undefined, error]);
    this.#asking = false;
    // Before the report is shown: one that could not be shown is not the last, then.
    this.#timer = setTimeout(() => this.beat(), pollMillis);
    if (report) this.#hear(report);
    else this.#miss(reasons[error.name] ?? error.message);
  }

  #hear(report) {
    this.#heardAt = report.at;
    byId("silence").hidden = true;
    document.body.className = "";
    this.#page.take(report);
  }

  /** The last picture stays, greyed. */
  #miss(reason) {
    byId("silence").hidden = false;
    setText(byId("reason"), `The node does not answer: ${reason}.`);
    if (this.#heardAt === undefined) return setText(byId("facts"), "");
    document.body.className = "stale";
    this.#tellAge();
  }

  #tellAge() {
    if (document.body.className !== "stale") return;
    setText(byId("age"), `What is shown is ${durationText((performance.now() - this.#heardAt) / 1000)} old.`);
  }
}

new Pulse().beat();
