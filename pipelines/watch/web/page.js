/* The page of convnext-watch. Names and labels come from files and networks: they are set as text,
 * never as markup.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
"use strict";

const REFRESH_MS = 5000;
const byId = (id) => document.getElementById(id);
const tiles = new Map(); // name -> tile
const known = new Map(); // name -> status that was read out

// The camera of this page, or null for all: /camera/NAME, or /NAME.
function ownName() {
    const path = location.pathname.replace(/^\/camera\//, "/").slice(1);
    try {
        return path === "" ? null : decodeURIComponent(path);
    } catch {
        return path;
    }
}

const name = ownName();

function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className)
        element.className = className;
    if (text !== undefined)
        element.textContent = text;
    return element;
}

function setText(element, text) {
    if (element.textContent !== text)
        element.textContent = text;
}

// A time for people: "45 s", "12 min", "3 h", "2 days".
function duration(seconds) {
    if (seconds < 120)
        return `${Math.max(0, Math.round(seconds))} s`;
    if (seconds < 7200)
        return `${Math.round(seconds / 60)} min`;
    if (seconds < 172800)
        return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86400)} days`;
}

function kind(camera) {
    if (!camera.online)
        return camera.cause ? "gone" : "unknown";
    if (camera.problem || camera.moved)
        return "problem";
    return camera.state === null ? "unknown" : "good";
}

function statusText(camera) {
    if (!camera.online)
        return camera.cause ? "No picture" : "Connecting";
    if (camera.state === null)
        return "No state yet";
    const score = camera.score === null ? "" : ` ${Math.round(camera.score * 100)} %`;
    const fault = camera.problem ? "Problem: " : camera.moved ? "Moved: " : "";
    return `${fault}${camera.state}${score}`;
}

function details(camera) {
    const lines = [];
    if (!camera.online && camera.cause)
        lines.push(camera.cause);
    if (!camera.online && camera.state !== null)
        lines.push(`Last state: ${camera.state}`);
    if (camera.online && camera.since !== null)
        lines.push(`For ${duration((Date.now() - Date.parse(camera.since)) / 1000)}`);
    if (camera.baseline !== null && camera.baseline < 1)
        lines.push(`Baseline learnt to ${Math.floor(camera.baseline * 100)} %`);
    if (camera.age !== null && (!camera.online || camera.age >= 2))
        lines.push(`Last frame ${duration(camera.age)} ago`);
    return lines.join(". ");
}

// Tiles

function link(camera) {
    return `/camera/${encodeURIComponent(camera)}`;
}

function makeTile(camera) {
    const tile = {root: make("li", "camera"), image: make("img"), loaded: 0};
    const words = make("div", "words"), title = make("h2");
    tile.title = make(name === null ? "a" : "span", "long", camera.name);
    if (name === null)
        tile.title.href = link(camera.name);
    tile.status = make("p", "status");
    tile.detail = make("p", "detail");
    tile.image.hidden = true;
    tile.image.addEventListener("load", () => { tile.image.hidden = false; });
    tile.image.addEventListener("error", () => { tile.loaded = 0; });
    title.append(tile.title);
    words.append(title, tile.status, tile.detail);
    tile.root.append(tile.image, words);
    return tile;
}

function fillTile(tile, camera) {
    const status = statusText(camera);
    tile.root.className = `camera ${kind(camera)}`;
    setText(tile.status, status);
    setText(tile.detail, details(camera));
    tile.image.alt = `Picture of ${camera.name}: ${status}`;
    if ((camera.online || tile.loaded === 0) && Date.now() - tile.loaded >= REFRESH_MS * 0.8) {
        tile.loaded = Date.now();
        tile.image.src = `${link(camera.name)}.jpg?${tile.loaded}`;
    }
}

const ranks = {problem: 0, gone: 1, unknown: 2, good: 3};

function compare(a, b) {
    return ranks[kind(a)] - ranks[kind(b)] || a.name.localeCompare(b.name);
}

// What has changed, for those who hear the page.
function announce(cameras) {
    const changes = [];
    for (const camera of cameras) {
        const status = camera.online ? statusText(camera).replace(/ \d+ %$/, "")
            : `${statusText(camera)}, ${camera.cause ?? ""}`;
        if (known.has(camera.name) && known.get(camera.name) !== status)
            changes.push(`${camera.name}: ${status}`);
        known.set(camera.name, status);
    }
    if (changes.length > 0)
        byId("changes").textContent = changes.join(". ");
}

function showCameras(cameras) {
    const list = byId("cameras");
    cameras.sort(compare);
    const roots = cameras.map((camera) => {
        if (!tiles.has(camera.name))
            tiles.set(camera.name, makeTile(camera));
        fillTile(tiles.get(camera.name), camera);
        return tiles.get(camera.name).root;
    });
    for (const old of [...tiles.keys()])
        if (!cameras.some((camera) => camera.name === old)) {
            tiles.delete(old);
            known.delete(old);
        }
    // Moving an element would take the focus from it.
    if (roots.length !== list.children.length || roots.some((root, i) => list.children[i] !== root)) {
        const focused = document.activeElement;
        list.replaceChildren(...roots);
        if (focused && list.contains(focused))
            focused.focus();
    }
    announce(cameras);
}

function showSummary(cameras) {
    const count = (wanted) => cameras.filter((camera) => kind(camera) === wanted).length;
    const parts = [`${cameras.length} ${cameras.length === 1 ? "camera" : "cameras"}`];
    if (count("problem"))
        parts.push(`${count("problem")} with a problem`);
    if (count("gone"))
        parts.push(`${count("gone")} without a picture`);
    if (cameras.length > 0 && count("good") === cameras.length)
        parts.push("all well");
    setText(byId("summary"), parts.join(", "));
}

// Events

function sentence(event) {
    switch (event.event) {
    case "camera-lost":
        return `Lost${event.cause ? `: ${event.cause}` : ""}`;
    case "camera-back":
        return `Back after ${duration(event.outage)}`;
    case "state":
        return `${event.new ? `Shows ${event.new}` : "No known label"}${event.old ? `; was ${event.old}` : ""}`;
    case "problem-begin":
        return `Problem: ${event.label}`;
    case "problem-end":
        return `No longer ${event.label}, after ${duration(event.seconds)}`;
    case "moved":
        return event.state === "begin" ? "Moved" : `Back in place after ${duration(event.seconds)}`;
    case "frozen":
        return event.state === "begin" ? "Frozen picture" : "No longer frozen";
    default:
        return event.event;
    }
}

// The picture of an event, as a link to its full size; without it if the file is gone.
function makeSnapshot(event, text) {
    const file = event.snapshot.slice(event.snapshot.lastIndexOf("/") + 1);
    const anchor = make("a", "snapshot"), image = make("img");
    anchor.href = image.src = `${link(name)}/snapshots/${encodeURIComponent(file)}`;
    image.loading = "lazy";
    image.alt = `Picture: ${text}`;
    image.addEventListener("error", () => anchor.remove());
    anchor.append(image);
    return anchor;
}

function makeEvent(event) {
    const item = make("li"), time = make("time", "", new Date(event.time).toLocaleString());
    const text = sentence(event);
    time.dateTime = event.time;
    item.append(time, make("span", "", text));
    if (event.snapshot)
        item.append(makeSnapshot(event, text));
    return item;
}

let shown = ""; // the events on the page, as JSON

function showEvents(events) {
    const text = JSON.stringify(events);
    if (text === shown)
        return;
    shown = text;
    byId("history").hidden = false;
    byId("no-events").hidden = events.length > 0;
    byId("events").replaceChildren(...events.map(makeEvent));
}

// Requests

async function get(path) {
    const response = await fetch(path);
    if (!response.ok)
        throw new Error(response.status === 404 ? "There is no such camera" : `Error ${response.status}`);
    return response.json();
}

let isBusy = false, isStale = false;

async function refresh() {
    if (isBusy) {
        isStale = true;
        return;
    }
    isBusy = true;
    try {
        if (name === null) {
            const cameras = await get("/api/cameras");
            showCameras(cameras);
            showSummary(cameras);
        } else {
            const answer = await get(`/api/cameras/${encodeURIComponent(name)}`);
            showCameras([answer.camera]);
            showEvents(answer.events);
            setText(byId("summary"), statusText(answer.camera));
        }
        setText(byId("connection"), "");
    } catch (error) {
        setText(byId("connection"), error instanceof TypeError
            ? "convnext-watch does not answer. This page shows what it knew last." : error.message);
    }
    isBusy = false;
    if (isStale) {
        isStale = false;
        refresh();
    }
}

if (name !== null) {
    document.title = name;
    byId("title").textContent = name;
    byId("back").hidden = false;
    byId("live").hidden = false;
    byId("live").href = `${link(name)}.mjpg`;
    byId("cameras").className = "one";
}
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, REFRESH_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
new EventSource("/events").addEventListener("message", refresh);
