/* The map's behaviour inside the component's frame: base map, circles, names, clicks, drawing. No article text comes here.
 * Names are set with textContent only. */
"use strict";

window.rasid = (() => {
  const folder = document.currentScript ? document.currentScript.src.replace(/[^/]*$/, "") : "";
  const LAND = {
    light: { sea: "#dbe6ea", land: "#f8f6f0", border: "#b9b2a2", division: "#d3ccbc", text: "#4d5759", strong: "#111827" },
    dark: { sea: "#0e1518", land: "#20292c", border: "#4b595e", division: "#354045", text: "#a9b4b5", strong: "#ffffff" },
  };
  const CANVAS_FROM = 1500; // circles; below it each is an element of its own that keyboards and tests can reach
  const KEYBOARD_UP_TO = 60; // circles; beyond it the list beside the map is the quicker way
  const FIRST_SHARE = 0.85;
  const LABELS_UP_TO = 120;
  const FIRST_NAMES = 12;
  const COUNTRY_LABELS_UP_TO_ZOOM = 8;
  const DIVISIONS_FROM_ZOOM = 5;
  const TOWNS_FROM_ZOOM = 6;
  const CLUSTER_UP_TO_ZOOM = 12;
  const CLUSTER_PX = { few: 15, many: 26 }; // circles whose middles are closer than this hide each other
  const MANY = 300;
  const WIDEST_DISC_KM = 600; // a larger one (a continent, a sea) would only cloud the map: its ring says enough

  let state = null;

  function start(map) {
    state = { map, rows: [], countries: [], towns: [], shapes: {}, options: {}, fitted: false, look: null, moved: false };
    const panes = { base: 150, areas: 380, heat: 390, drawing: 610, names: 620 };
    for (const [name, z] of Object.entries(panes)) map.createPane(name).style.zIndex = z;
    for (const name of ["areas", "heat", "names", "drawing"]) map.getPane(name).style.pointerEvents = "none";
    state.baseRenderer = L.canvas({ pane: "base", padding: 0.6 });
    state.areaRenderer = L.canvas({ pane: "areas", padding: 0.4 });
    state.markCanvas = L.canvas({ padding: 0.4 });
    state.markSvg = L.svg({ padding: 0.4 });
    for (const name of ["areas", "marks", "names", "drawing"]) state[name] = L.layerGroup().addTo(map);
    map.attributionControl.setPrefix("Leaflet");
    map.attributionControl.addAttribution("Natural Earth");
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    keepPageStill(map.getContainer());
    for (const file of ["world.geojson", "region.geojson"]) loadJson(file).then(addBase);
    loadJson("labels.json").then((labels) => {
      state.countries = labels.countries || labels;
      state.towns = labels.towns || [];
      drawNames();
    });
    map.on("moveend resize", () => state.placing || drawNames());
    map.on("click", (event) => state.options.points && sendPoint(event.latlng));
    map.on("moveend", keepView);
    map.on("zoomend", () => {
      loadDivisions();
      if (state.options.cluster && !state.placing) render();
    });
    for (const event of ["mousedown", "wheel", "keydown", "touchstart"]) {
      map.getContainer().addEventListener(event, () => (state.moved = true), { capture: true, passive: true });
    }
    document.addEventListener("keydown", passEscape);
    loadDivisions();
  }

  // Leaflet focuses its container on every press; where the map is taller than what is seen of it, the page would then
  // scroll under the pointer, between press and release, and the click would be lost.
  function keepPageStill(container) {
    container.focus = () => HTMLElement.prototype.focus.call(container, { preventScroll: true });
  }

  // Files lie beside this script; a map saved as one file carries them inside.
  async function loadJson(file) {
    const inside = document.getElementById(`rasid-file-${file}`);
    if (inside) return JSON.parse(inside.textContent);
    const answer = await fetch(folder + "basemap/" + file);
    return answer.json();
  }

  // The view is part of the page's address, next to what the page itself keeps there. It is written once the reader has
  // moved the map, and read when the page opens or goes back.
  function viewInAddress() {
    try {
      const [lat, lon, zoom] = (new URLSearchParams(parent.location.search).get("view") || "").split(",").map(Number);
      // Anyone can write an address: what lies off the map is none.
      return Math.abs(lat) <= 90 && Math.abs(lon) <= 540 && zoom > 0 && zoom <= 18 ? [lat, lon, zoom] : null;
    } catch {
      return null;
    }
  }

  function showView(view) {
    if (!view) return;
    state.map.setView([view[0], view[1]], view[2], { animate: false });
  }

  function keepView() {
    if (!state.moved || !state.options.keepsView) return;
    const centre = state.map.getCenter();
    const text = [centre.lat.toFixed(4), centre.lng.toFixed(4), state.map.getZoom()].join(",");
    const address = new URL(parent.location.href);
    if (address.searchParams.get("view") === text) return;
    address.searchParams.set("view", text);
    parent.history.replaceState(parent.history.state, "", address);
  }

  function baseStyle() {
    const land = LAND[state.look || "light"];
    return { renderer: state.baseRenderer, fillColor: land.land, fillOpacity: 1, color: land.border, weight: 0.9 };
  }

  function divisionStyle() {
    return { renderer: state.baseRenderer, fill: false, color: LAND[state.look || "light"].division, weight: 0.8 };
  }

  function addBase(countries) {
    for (const country of countries.features) state.shapes[country.properties.code] = country;
    const layer = L.geoJSON(countries, { pane: "base", interactive: false, style: baseStyle });
    (state.base = state.base || []).push(layer);
    if (onOwnGround()) layer.addTo(state.map);
    if (state.divisions && onOwnGround()) state.divisions.remove().addTo(state.map);
    if (state.rows.some((row) => row.code)) drawAreas();
  }

  function loadDivisions() {
    const wanted = state.map.getZoom() >= DIVISIONS_FROM_ZOOM;
    if (wanted && !state.divisionsAsked) {
      state.divisionsAsked = true;
      loadJson("divisions.json").then((lines) => {
        const points = lines.map((line) => line.map(([lon, lat]) => [lat, lon]));
        state.divisions = L.polyline(points, { pane: "base", interactive: false, ...divisionStyle() });
        loadDivisions();
      });
    }
    if (!state.divisions) return;
    wanted && onOwnGround() ? state.divisions.addTo(state.map) : state.divisions.remove();
  }

  function setLook(look) {
    if (state.look === look) return;
    state.look = look;
    const root = document.documentElement;
    root.dataset.look = look;
    root.style.setProperty("--sea", LAND[look].sea);
    root.style.setProperty("--name", LAND[look].text);
    for (const layer of state.base || []) layer.setStyle(baseStyle());
    if (state.divisions) state.divisions.setStyle(divisionStyle());
  }

  function onOwnGround() {
    return !state.options.ground || state.options.ground.kind === "own";
  }

  // A map from another host only when the reader chose it. A file's colours and names hang on the look and the language.
  function setGround(ground, language, look) {
    const wanted = JSON.stringify([ground, ground && ground.kind === "file" ? [language, look] : 0]);
    if (wanted === state.ground) return;
    state.ground = wanted;
    state.options.ground = ground;
    if (state.groundLayer) state.groundLayer.remove();
    state.groundLayer = null;
    for (const layer of state.base || []) onOwnGround() ? layer.addTo(state.map) : layer.remove();
    loadDivisions();
    if (onOwnGround()) return;
    const credit = L.DomUtil.create("span");
    credit.textContent = ground.credit;
    const options = { attribution: credit.innerHTML, maxZoom: 18 };
    if (ground.kind === "tiles") state.groundLayer = L.tileLayer(ground.url, options).addTo(state.map);
    else loadScript("protomaps-leaflet/protomaps-leaflet.js").then(() => {
      if (state.ground !== wanted) return;
      const url = new URL(folder + ground.url, location.href).href;
      state.groundLayer = protomapsL.leafletLayer({ ...options, url, flavor: look, lang: language }).addTo(state.map);
    });
  }

  function loadScript(file) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: folder + file, onload: resolve, onerror: reject });
      document.head.append(script);
    });
  }

  function setControls(words, draws) {
    if (JSON.stringify(words) === JSON.stringify(state.options.words)) return;
    for (const control of state.controls || []) control.remove();
    const zoom = L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(state.map);
    const bar = L.control({ position: "topleft" });
    bar.onAdd = () => {
      const box = L.DomUtil.create("div", "leaflet-bar");
      L.DomEvent.disableClickPropagation(box);
      addButton(box, "fit", words.fit, "⤢", () => fitRows(1, true));
      if (draws) {
        addButton(box, "view", words.view, "⊡", () => sendArea(viewCorners()));
        addButton(box, "box", words.box, "▭", () => drawShape("box"));
        addButton(box, "polygon", words.polygon, "⬠", () => drawShape("polygon"));
      }
      addButton(box, "picture", words.picture, "⤓", savePicture);
      return box;
    };
    state.controls = [zoom, bar.addTo(state.map)];
  }

  function addButton(box, name, title, sign, act) {
    const button = L.DomUtil.create("button", `rasid-button ${name}`, box);
    button.type = "button";
    button.title = title;
    button.setAttribute("aria-label", title);
    button.textContent = sign;
    L.DomEvent.on(button, "click", act);
  }

  // With `share` below 1, the far ones of the mentioned places may fall outside: a single capital named in passing
  // should not shrink the news to a speck.
  function fitRows(share, animate) {
    const dots = state.rows.filter((row) => !row.area);
    let rows = dots.length ? dots : state.rows;
    if (!rows.length) return;
    const middle = [median(rows.map((row) => row.lat)), median(rows.map((row) => row.lon))];
    const away = (row) => Math.hypot(row.lat - middle[0], row.lon - middle[1]);
    rows = [...rows].sort((a, b) => away(a) - away(b)).slice(0, Math.ceil(rows.length * share));
    state.map.fitBounds(rows.map((row) => [row.lat, row.lon]), { padding: [56, 56], maxZoom: 9, animate });
  }

  function median(numbers) {
    const sorted = [...numbers].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  function draw(group, rows, options) {
    setLook(options.look);
    setGround(options.ground, options.language, options.look);
    setControls(options.words, options.draws);
    const before = state.drawn;
    state.drawn = JSON.stringify([rows, { ...options, words: 0 }]);
    state.options = options;
    if (options.reviewer) {
      const name = encodeURIComponent(options.reviewer);
      document.cookie = `rasid_reviewer=${name}; path=/; max-age=31536000; SameSite=Lax`;
    }
    if (options.toured) document.cookie = "rasid_tour=1; path=/; max-age=31536000; SameSite=Lax";
    if (options.scrollTo) setTimeout(() => scrollPage(options.scrollTo), 60);
    if (state.drawn === before) return;
    state.rows = rows.map(([id, name, note, lat, lon, radius, size, colour, area, chosen, code, n]) => ({
      id, name, note, lat, lon, radius, size, colour, code, n, area: Boolean(area), chosen: Boolean(chosen),
    }));
    state.map.getContainer().classList.toggle("pointing", Boolean(options.points));
    if (!(state.fitted && state.fittedTo === options.fitTo) && rows.length) {
      [state.fitted, state.fittedTo] = [true, options.fitTo];
      const view = options.keepsView && viewInAddress();
      // What the new view would have drawn is drawn once, below.
      state.placing = true;
      view ? showView(view) : fitRows(FIRST_SHARE, false);
      state.placing = false;
    }
    render();
  }

  // The reader's text beside the map shows the mention that the map shows.
  function scrollPage(selector) {
    const element = parent.document.querySelector(selector);
    const box = element && element.closest("article");
    if (box) box.scrollTop += element.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  }

  function render() {
    if (!state.look) return;
    state.marks.clearLayers();
    drawHeat();
    drawAreas();
    drawDrawing();
    const groups = state.options.cluster && !state.options.heat ? clusters() : state.rows.map((row) => [row]);
    const renderer = groups.length > CANVAS_FROM ? state.markCanvas : state.markSvg;
    const weight = (group) => (group.some((row) => row.chosen) ? -1 : clusterSize(group));
    // Small circles last, so that a large one never hides them, and the chosen one on top of all.
    for (const group of [...groups].sort((a, b) => weight(b) - weight(a))) {
      if (weight(group) >= 0) addGroup(group, renderer);
    }
    for (const group of groups) if (weight(group) < 0) addGroup(group, renderer);
    state.groups = groups;
    drawNames();
  }

  function addGroup(group, renderer) {
    group.length > 1 ? addCluster(group, renderer) : addCircle(group[0], renderer);
  }

  // Near circles become one when they would hide each other: the most mentioned leads. The chosen one stays by itself,
  // and so does a country or another area, whose circle only stands for its outline.
  function clusters() {
    const { map } = state;
    if (map.getZoom() >= CLUSTER_UP_TO_ZOOM) return state.rows.map((row) => [row]);
    const cells = new Map();
    const near = state.rows.length > MANY ? CLUSTER_PX.many : CLUSTER_PX.few;
    const cell = (point) => `${Math.floor(point.x / near)}:${Math.floor(point.y / near)}`;
    const groups = [];
    for (const row of state.rows) {
      const point = map.project([row.lat, row.lon]);
      const leader = row.area || row.chosen ? null : nearLeader(cells, point, near);
      if (leader) leader.group.push(row);
      else {
        const group = [row];
        groups.push(group);
        if (!row.area && !row.chosen) cells.set(cell(point), [...(cells.get(cell(point)) || []), { point, group }]);
      }
    }
    return groups;
  }

  function nearLeader(cells, point, near) {
    const x = Math.floor(point.x / near);
    const y = Math.floor(point.y / near);
    for (let i = x - 1; i <= x + 1; i++) {
      for (let j = y - 1; j <= y + 1; j++) {
        for (const leader of cells.get(`${i}:${j}`) || []) {
          if (leader.point.distanceTo(point) < near) return leader;
        }
      }
    }
    return null;
  }

  function clusterSize(group) {
    if (group.length === 1) return group[0].size;
    const { smallest, largest, most } = state.options.scale;
    const n = group.reduce((sum, row) => sum + row.n, 0);
    return smallest + (largest - smallest) * Math.min(1.1, Math.sqrt(n / most));
  }

  function colourOf(row) {
    return state.options.colours[row.colour] || state.options.colours[0];
  }

  function circleStyle(row) {
    const colour = colourOf(row);
    const style = { radius: row.size, color: colour, weight: 1.5, opacity: 0.95, fillColor: colour, fillOpacity: 0.55 };
    // A country is no point: a hollow, broken ring claims no position.
    if (row.area) Object.assign(style, { fillOpacity: 0.06, dashArray: "4 4", weight: 2 });
    if (state.options.heat) Object.assign(style, { radius: 4, fillOpacity: 0.25, opacity: 0.5, weight: 1 });
    if (row.chosen) Object.assign(style, { weight: 4, opacity: 1, color: LAND[state.look].strong });
    return style;
  }

  function addCircle(row, renderer) {
    // Where clicks set a point, one on a circle is none on the map below it; a corner drawn there is.
    const options = { renderer, className: "place", bubblingMouseEvents: !state.options.points, ...circleStyle(row) };
    const circle = L.circleMarker([row.lat, row.lon], options);
    circle.bindTooltip(() => tooltip([row]), { direction: "top", className: "rasid-tip", opacity: 1 });
    circle.on("click", () => choose(row));
    const extent = row.area ? null : extentOf(row);
    if (extent) {
      circle.on("mouseover", () => extent.addTo(state.areas));
      circle.on("mouseout", () => row.chosen || extent.remove());
      if (row.chosen) extent.addTo(state.areas);
    }
    circle.on("add", () => describe(circle, `${row.name}: ${row.note}`, () => choose(row), row.id));
    circle.addTo(state.marks);
  }

  function addCluster(group, renderer) {
    const lead = group[0];
    const style = { ...circleStyle(lead), radius: clusterSize(group), weight: 3, dashArray: null };
    const circle = L.circleMarker([lead.lat, lead.lon], { renderer, className: "cluster", ...style });
    circle.bindTooltip(() => tooltip(group), { direction: "top", className: "rasid-tip", opacity: 1 });
    const open = () => {
      state.moved = true;
      const bounds = L.latLngBounds(group.map((row) => [row.lat, row.lon]));
      const zoom = Math.min(CLUSTER_UP_TO_ZOOM, Math.max(state.map.getZoom() + 2, state.map.getBoundsZoom(bounds.pad(0.3))));
      state.map.setView(bounds.getCenter(), zoom);
    };
    circle.on("click", open);
    const names = group.slice(0, 5).map((row) => row.name).join("، ");
    circle.on("add", () => describe(circle, `${state.options.words.near} ${group.length}: ${names}`, open, ""));
    circle.addTo(state.marks);
  }

  function extentOf(row) {
    return L.circle([row.lat, row.lon], {
      pane: "areas", renderer: state.areaRenderer, radius: row.radius * 1000, interactive: false, weight: 1,
      dashArray: "2 6", color: colourOf(row), fillOpacity: 0.08,
    });
  }

  // What is wide is drawn as what it is: a country by its outline, another area as a faint disc of its radius.
  function drawAreas() {
    if (!state.look) return;
    state.areas.clearLayers();
    if (state.options.heat) return;
    for (const row of state.rows.filter((row) => row.area)) {
      const shape = row.code && state.shapes[row.code];
      const style = { color: row.chosen ? LAND[state.look].strong : colourOf(row), weight: row.chosen ? 2.5 : 1, fillOpacity: 0.03 };
      if (shape) {
        L.geoJSON(shape, {
          pane: "areas", interactive: false,
          style: { renderer: state.areaRenderer, fillColor: colourOf(row), opacity: 0.7, ...style },
        }).addTo(state.areas);
      } else if (!row.code && row.radius <= WIDEST_DISC_KM) extentOf(row).setStyle({ ...style, dashArray: "2 6" }).addTo(state.areas);
    }
  }

  function drawHeat() {
    if (state.heat) state.heat.remove();
    state.heat = null;
    if (!state.options.heat || !L.heatLayer) return;
    const dots = state.rows.filter((row) => !row.area);
    const most = Math.max(1, ...dots.map((row) => row.n));
    // The square root keeps one much-named capital from leaving everything else dark.
    const points = dots.map((row) => [row.lat, row.lon, 0.25 + 0.75 * Math.sqrt(row.n / most)]);
    const gradient = { 0.25: "#2f7f93", 0.5: "#3fb596", 0.7: "#e8c547", 0.88: "#e07b39", 1: "#b3202c" };
    state.heat = L.heatLayer(points, { pane: "heat", radius: 26, blur: 22, minOpacity: 0.25, max: 1, maxZoom: 5, gradient });
    state.heat.addTo(state.map);
  }

  function describe(mark, label, act, id) {
    const element = mark.getElement();
    if (!element || element.dataset.place !== undefined) return;
    element.dataset.place = id;
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", label);
    if (state.rows.length <= KEYBOARD_UP_TO) element.setAttribute("tabindex", "0");
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    });
  }

  function tooltip(group) {
    const box = L.DomUtil.create("div");
    box.dir = state.options.direction;
    for (const row of group.slice(0, 6)) {
      L.DomUtil.create("strong", "", box).textContent = row.name;
      L.DomUtil.create("span", "", box).textContent = row.note;
    }
    if (group.length > 6) L.DomUtil.create("span", "", box).textContent = `… ${group.length - 6}+`;
    return box;
  }

  // A dialog closes by Escape: also when the reader's keyboard is in the map that stands in it.
  function passEscape(event) {
    const dialog = event.key === "Escape" && !state.stopDrawing && parent !== window && parent.document.querySelector("[role=dialog]");
    if (!dialog || !state.options.scrollTo) return;
    for (const type of ["keydown", "keyup"]) {
      dialog.dispatchEvent(new parent.KeyboardEvent(type, { key: "Escape", code: "Escape", keyCode: 27, bubbles: true }));
    }
  }

  // Tells the page what was clicked or drawn. The time makes a second click on the same circle news as well. The
  // component would send the same after its own pause of 250 ms; where its inner names changed, it still does.
  function send(properties, coordinates) {
    const geometry = { type: "Point", coordinates };
    const answer = { last_active_drawing: { type: "Feature", properties: { ...properties, click: Date.now() }, geometry } };
    const component = window.__GLOBAL_DATA__;
    if (state.options.onChoose) state.options.onChoose(properties);
    if (!component || !window.Streamlit) return;
    component.last_active_drawing = answer.last_active_drawing;
    component.previous_data = answer;
    window.Streamlit.setComponentValue(answer);
  }

  function choose(row) {
    // The page is asked first; the place is shown as chosen meanwhile, and the page's answer draws it again.
    send({ place_id: row.id }, [row.lon, row.lat]);
    for (const other of state.rows) other.chosen = other === row;
    requestAnimationFrame(render);
  }

  function sendPoint({ lat, lng }) {
    const [north, east] = [Number(lat.toFixed(5)), Number((((lng + 540) % 360) - 180).toFixed(5))];
    send({ point: [north, east] }, [east, north]);
  }

  function sendArea(corners) {
    const rounded = corners.map(({ lat, lng }) => [Number(lat.toFixed(4)), Number(lng.toFixed(4))]);
    send({ area: rounded }, [rounded[0][1], rounded[0][0]]);
  }

  function viewCorners() {
    const bounds = state.map.getBounds();
    return [bounds.getSouthWest(), bounds.getNorthWest(), bounds.getNorthEast(), bounds.getSouthEast()];
  }

  function drawDrawing() {
    state.drawing.clearLayers();
    const corners = state.options.area || [];
    if (corners.length < 3) return;
    const style = { pane: "drawing", interactive: false, color: LAND[state.look].strong, weight: 2, dashArray: "6 5", fill: false };
    L.polygon(corners, style).addTo(state.drawing);
  }

  // A box is drawn by dragging, a polygon by clicking its corners and then the first one again (or Enter); Escape gives up.
  function drawShape(kind) {
    const { map } = state;
    if (state.stopDrawing) state.stopDrawing();
    const corners = [];
    const style = { pane: "drawing", interactive: false, color: LAND[state.look].strong, weight: 2, fillOpacity: 0.08 };
    const sketch = L.polygon([], style).addTo(map);
    const hint = L.DomUtil.create("div", "rasid-hint", map.getContainer());
    hint.dir = state.options.direction;
    hint.textContent = state.options.words[`${kind}_hint`];
    map.getContainer().classList.add("drawing");
    map.dragging.disable();
    map.doubleClickZoom.disable();
    const box = (a, b) => [a, L.latLng(a.lat, b.lng), b, L.latLng(b.lat, a.lng)];
    const finish = (shape) => {
      stop();
      if (shape && shape.length > 2) sendArea(shape);
    };
    const handlers = {
      mousedown: (event) => kind === "box" && corners.push(event.latlng),
      mousemove: (event) => {
        if (!corners.length) return;
        sketch.setLatLngs(kind === "box" ? box(corners[0], event.latlng) : [...corners, event.latlng]);
      },
      mouseup: (event) => kind === "box" && corners.length && finish(box(corners[0], event.latlng)),
      click: (event) => {
        if (kind === "box") return;
        const first = corners[0] && map.latLngToContainerPoint(corners[0]);
        if (corners.length > 2 && first.distanceTo(event.containerPoint) < 14) return finish(corners);
        corners.push(event.latlng);
        sketch.setLatLngs(corners);
      },
      dblclick: () => kind === "polygon" && finish(corners.slice(0, -1)),
    };
    const onKey = (event) => {
      if (event.key === "Escape") finish(null);
      if (event.key === "Enter" && kind === "polygon") finish(corners);
    };
    const stop = () => {
      map.off(handlers);
      document.removeEventListener("keydown", onKey);
      sketch.remove();
      hint.remove();
      map.getContainer().classList.remove("drawing");
      map.dragging.enable();
      map.doubleClickZoom.enable();
      state.stopDrawing = null;
    };
    state.stopDrawing = stop;
    map.on(handlers);
    document.addEventListener("keydown", onKey);
  }

  // Names beside circles first, most mentioned first, then countries, then towns; what would overlap is left out.
  function drawNames() {
    if (!state.look) return;
    const map = state.map;
    const groups = state.groups || [];
    const circles = groups.filter(([row]) => map.getBounds().contains([row.lat, row.lon])).slice(0, 600);
    const taken = circles.map((group) => {
      const size = clusterSize(group);
      return [...box(map.latLngToContainerPoint([group[0].lat, group[0].lon]), 0, size, size), size];
    });
    state.names.clearLayers();
    state.written = [];
    let left = LABELS_UP_TO;
    for (const [rank, group] of circles.entries()) {
      const row = group[0];
      const text = group.length > 1 ? `${row.name} +${group.length - 1}` : row.name;
      const size = state.options.heat ? 4 : clusterSize(group);
      // The most mentioned places get their names even across smaller circles.
      const over = rank < FIRST_NAMES || row.chosen ? size : 0;
      if (left && addName(text, row.lat, row.lon, size, row.area ? "area" : "town", taken, over)) left--;
    }
    if (!onOwnGround()) return;
    const named = new Set(state.rows.map((row) => row.name));
    if (map.getZoom() <= COUNTRY_LABELS_UP_TO_ZOOM) {
      for (const country of state.countries) {
        const text = country[state.options.language];
        const room = (Math.sqrt(country.rank) * 256 * 2 ** map.getZoom()) / 360;
        if (left && !named.has(text) && room > 34 && addName(text, country.lat, country.lon, 0, "country", taken)) left--;
      }
    }
    if (map.getZoom() < TOWNS_FROM_ZOOM) return;
    for (const [arabic, english, lat, lon, zoom] of state.towns) {
      const text = state.options.language === "ar" ? arabic : english || arabic;
      if (left && zoom <= map.getZoom() && !named.has(text) && addName(text, lat, lon, 0, "base", taken)) left--;
    }
  }

  function box(centre, shift, halfWidth, halfHeight) {
    return [centre.x - halfWidth, centre.y + shift - halfHeight, centre.x + halfWidth, centre.y + shift + halfHeight];
  }

  function addName(text, lat, lon, size, kind, taken, over = 0) {
    const map = state.map;
    if (!text || !map.getBounds().contains([lat, lon])) return false;
    const shift = size ? size + 9 : 0;
    const place = box(map.latLngToContainerPoint([lat, lon]), shift, text.length * 3.6 + 3, 8);
    const counts = (t) => t[4] === undefined || t[4] > over;
    if (taken.some((t) => counts(t) && t[0] < place[2] && t[2] > place[0] && t[1] < place[3] && t[3] > place[1])) return false;
    taken.push(place);
    const element = L.DomUtil.create("span", `rasid-name ${kind}`);
    element.textContent = text;
    element.dir = "auto";
    const icon = L.divIcon({ className: "rasid-anchor", html: element, iconSize: [0, 0], iconAnchor: [0, -shift] });
    state.names.addLayer(L.marker([lat, lon], { icon, pane: "names", interactive: false, keyboard: false }));
    state.written.push({ text, lat, lon, shift, kind });
    return true;
  }

  // The view as a PNG: the canvases and circles as they stand, the names written anew.
  async function savePicture() {
    const { map, look } = state;
    const size = map.getSize();
    const scale = Math.max(2, window.devicePixelRatio || 1);
    const picture = document.createElement("canvas");
    [picture.width, picture.height] = [size.x * scale, size.y * scale];
    const pen = picture.getContext("2d");
    pen.scale(scale, scale);
    pen.fillStyle = LAND[look].sea;
    pen.fillRect(0, 0, size.x, size.y);
    const frame = map.getContainer().getBoundingClientRect();
    const layers = [...map.getContainer().querySelectorAll(".leaflet-pane canvas, .leaflet-overlay-pane svg, .leaflet-drawing-pane svg")];
    for (const layer of layers) {
      const at = layer.getBoundingClientRect();
      pen.globalAlpha = Number(getComputedStyle(layer).opacity);
      const image = layer instanceof SVGElement ? await svgImage(layer) : layer;
      if (at.width && at.height) pen.drawImage(image, at.left - frame.left, at.top - frame.top, at.width, at.height);
    }
    pen.globalAlpha = 1;
    writeNames(pen, LAND[look]);
    pen.font = "11px 'Noto Sans Arabic', sans-serif";
    pen.textAlign = "right";
    pen.fillStyle = LAND[look].text;
    pen.fillText(state.options.words.credit, size.x - 6, size.y - 6);
    const link = document.createElement("a");
    link.download = "rasid-map.png";
    link.href = picture.toDataURL("image/png");
    link.click();
  }

  function svgImage(svg) {
    const copy = svg.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const image = new Image();
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
    return image.decode().then(() => image);
  }

  function writeNames(pen, land) {
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const { text, lat, lon, shift, kind } of state.written || []) {
      const at = state.map.latLngToContainerPoint([lat, lon]);
      pen.font = `${kind === "town" || kind === "area" ? "600 " : ""}12px 'Noto Sans Arabic', sans-serif`;
      pen.lineWidth = 3;
      pen.strokeStyle = land.land;
      pen.strokeText(text, at.x, at.y + shift);
      pen.fillStyle = kind === "town" ? land.strong : land.text;
      pen.fillText(text, at.x, at.y + shift);
    }
  }

  addEventListener("DOMContentLoaded", () => document.documentElement.setAttribute("lang", "ar"));
  try {
    parent.addEventListener("popstate", () => state && state.options.keepsView && showView(viewInAddress()));
  } catch {
    // A page of its own has no such parent.
  }

  return { start, draw };
})();
