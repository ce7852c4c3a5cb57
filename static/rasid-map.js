/* The map's behaviour inside the component's frame: base map, circles, names, clicks. No article text comes here.
 * Names are set with textContent only. */
"use strict";

window.rasid = (() => {
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const LAND = {
    light: { sea: "#dbe6ea", land: "#f8f6f0", border: "#c4beb0", text: "#4d5759" },
    dark: { sea: "#0e1518", land: "#20292c", border: "#435055", text: "#a9b4b5" },
  };
  // By role: the place itself, the government or force it stands for, a part of another name.
  const COLOURS = {
    light: ["#0f766e", "#b45309", "#64748b"],
    dark: ["#4fc3b8", "#f0a04b", "#94a3b8"],
  };
  const CANVAS_FROM = 1500; // circles; below it each is an element of its own that keyboards and tests can reach
  const KEYBOARD_UP_TO = 60; // circles; beyond it the list beside the map is the quicker way
  const FIRST_SHARE = 0.85;
  const LABELS_UP_TO = 120;
  const COUNTRY_LABELS_UP_TO_ZOOM = 8;

  let state = null;

  function start(map) {
    state = { map, rows: [], countries: [], options: {}, fitted: false, look: null };
    const panes = { base: 150, areas: 380, names: 620 };
    for (const [name, z] of Object.entries(panes)) map.createPane(name).style.zIndex = z;
    map.getPane("names").style.pointerEvents = "none";
    map.getPane("areas").style.pointerEvents = "none";
    state.baseRenderer = L.canvas({ pane: "base", padding: 0.6 });
    state.markCanvas = L.canvas({ padding: 0.4 });
    state.markSvg = L.svg({ padding: 0.4 });
    state.names = L.layerGroup().addTo(map);
    map.attributionControl.setPrefix("Leaflet");
    map.attributionControl.addAttribution("Natural Earth");
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    keepPageStill(map.getContainer());
    for (const file of ["world.geojson", "region.geojson"]) loadJson(file).then(addBase);
    loadJson("labels.json").then((labels) => {
      state.countries = labels;
      drawNames();
    });
    map.on("moveend zoomend resize", drawNames);
  }

  // Leaflet focuses its container on every press; where the map is taller than what is seen of it, the page would then
  // scroll under the pointer, between press and release, and the click would be lost.
  function keepPageStill(container) {
    container.focus = () => HTMLElement.prototype.focus.call(container, { preventScroll: true });
  }

  async function loadJson(file) {
    const answer = await fetch(folder + "basemap/" + file);
    return answer.json();
  }

  function baseStyle() {
    const land = LAND[state.look || "light"];
    return { renderer: state.baseRenderer, fillColor: land.land, fillOpacity: 1, color: land.border, weight: 0.8 };
  }

  function addBase(countries) {
    const layer = L.geoJSON(countries, { pane: "base", interactive: false, style: baseStyle });
    (state.base = state.base || []).push(layer);
    if (!state.options.tiles) layer.addTo(state.map);
  }

  function setLook(look) {
    if (state.look === look) return;
    state.look = look;
    const root = document.documentElement;
    root.dataset.look = look;
    root.style.setProperty("--sea", LAND[look].sea);
    root.style.setProperty("--name", LAND[look].text);
    for (const layer of state.base || []) layer.setStyle(baseStyle());
  }

  // Street tiles come from another host: only when the reader turned them on.
  function setTiles(url) {
    if (url === (state.options.tiles || null)) return;
    if (state.tileLayer) state.tileLayer.remove();
    state.tileLayer = url ? L.tileLayer(url, { attribution: "© OpenStreetMap contributors", maxZoom: 18 }) : null;
    if (state.tileLayer) state.tileLayer.addTo(state.map);
    for (const layer of state.base || []) url ? layer.remove() : layer.addTo(state.map);
  }

  function setControls(words) {
    if (JSON.stringify(words) === JSON.stringify(state.options.words)) return;
    if (state.zoom) state.zoom.remove();
    if (state.fit) state.fit.remove();
    state.zoom = L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(state.map);
    state.fit = L.control({ position: "topleft" });
    state.fit.onAdd = () => {
      const box = L.DomUtil.create("div", "leaflet-bar");
      const button = L.DomUtil.create("button", "rasid-fit", box);
      button.type = "button";
      button.title = words.fit;
      button.setAttribute("aria-label", words.fit);
      button.textContent = "⤢";
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.on(button, "click", () => fitRows(1, true));
      return box;
    };
    state.fit.addTo(state.map);
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
    setTiles(options.tiles);
    setControls(options.words);
    state.options = options;
    state.rows = rows.map(([id, name, note, lat, lon, radius, size, role, area, chosen]) => ({
      id, name, note, lat, lon, radius, size, role, area: Boolean(area), chosen: Boolean(chosen),
    }));
    const renderer = rows.length > CANVAS_FROM ? state.markCanvas : state.markSvg;
    // Small circles last, so that a large one never hides them, and the chosen one on top of all.
    for (const row of [...state.rows].sort((a, b) => a.chosen - b.chosen || b.size - a.size)) addCircle(group, row, renderer);
    if (!state.fitted && rows.length) {
      state.fitted = true;
      fitRows(FIRST_SHARE, false);
    }
    drawNames();
  }

  function circleStyle(row) {
    const colour = COLOURS[state.look][row.role];
    const style = { radius: row.size, color: colour, weight: 1.5, opacity: 0.95, fillColor: colour, fillOpacity: 0.55 };
    // A country is no point: a hollow, broken ring claims no position.
    if (row.area) Object.assign(style, { fillOpacity: 0.06, dashArray: "4 4", weight: 2 });
    if (row.chosen) Object.assign(style, { weight: 4, color: state.look === "dark" ? "#ffffff" : "#111827" });
    return style;
  }

  function addCircle(group, row, renderer) {
    const circle = L.circleMarker([row.lat, row.lon], { renderer, className: "place", ...circleStyle(row) });
    circle.feature = { type: "Feature", properties: { place_id: row.id } };
    circle.bindTooltip(() => tooltip(row), { direction: "top", className: "rasid-tip", opacity: 1 });
    circle.on("click", () => choose(circle));
    const extent = L.circle([row.lat, row.lon], {
      pane: "areas", radius: row.radius * 1000, interactive: false, weight: 1, dashArray: "2 6",
      color: COLOURS[state.look][row.role], fillOpacity: 0.07,
    });
    circle.on("mouseover", () => group.addLayer(extent));
    circle.on("mouseout", () => row.chosen || group.removeLayer(extent));
    group.addLayer(circle);
    if (row.chosen) group.addLayer(extent);
    circle.on("add", () => describe(circle, row));
    describe(circle, row);
  }

  function describe(circle, row) {
    const element = circle.getElement();
    if (!element || element.dataset.place) return;
    element.dataset.place = row.id;
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", `${row.name}: ${row.note}`);
    if (state.rows.length <= KEYBOARD_UP_TO) element.setAttribute("tabindex", "0");
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(circle);
    });
  }

  function tooltip(row) {
    const box = L.DomUtil.create("div");
    box.dir = state.options.direction;
    L.DomUtil.create("strong", "", box).textContent = row.name;
    L.DomUtil.create("span", "", box).textContent = row.note;
    return box;
  }

  // Tells the page which place was clicked. The time makes a second click on the same circle news as well. The
  // component would send the same after its own pause of 250 ms; where its inner names changed, it still does.
  function choose(circle) {
    circle.feature.properties.click = Date.now();
    const answer = { last_active_drawing: circle.toGeoJSON() };
    const component = window.__GLOBAL_DATA__;
    if (!component || !window.Streamlit) return;
    component.last_active_drawing = answer.last_active_drawing;
    component.previous_data = answer;
    window.Streamlit.setComponentValue(answer);
  }

  // Names beside circles first, most mentioned first, then countries; what would overlap is left out.
  function drawNames() {
    if (!state.look) return;
    const map = state.map;
    const taken = state.rows
      .filter((row) => map.getBounds().contains([row.lat, row.lon]))
      .slice(0, 600)
      .map((row) => box(map.latLngToContainerPoint([row.lat, row.lon]), 0, row.size, row.size));
    state.names.clearLayers();
    let left = LABELS_UP_TO;
    for (const row of state.rows) {
      if (left && addName(row.name, row.lat, row.lon, row.size, row.area ? "area" : "town", taken)) left--;
    }
    if (map.getZoom() > COUNTRY_LABELS_UP_TO_ZOOM || state.options.tiles) return;
    const named = new Set(state.rows.map((row) => row.name));
    for (const country of state.countries) {
      const text = country[state.options.language];
      const room = (Math.sqrt(country.rank) * 256 * 2 ** map.getZoom()) / 360;
      if (left && !named.has(text) && room > 34 && addName(text, country.lat, country.lon, 0, "country", taken)) left--;
    }
  }

  function box(centre, shift, halfWidth, halfHeight) {
    return [centre.x - halfWidth, centre.y + shift - halfHeight, centre.x + halfWidth, centre.y + shift + halfHeight];
  }

  function addName(text, lat, lon, size, kind, taken) {
    const map = state.map;
    if (!text || !map.getBounds().contains([lat, lon])) return false;
    const shift = size ? size + 9 : 0;
    const place = box(map.latLngToContainerPoint([lat, lon]), shift, text.length * 3.6 + 3, 8);
    if (taken.some((t) => t[0] < place[2] && t[2] > place[0] && t[1] < place[3] && t[3] > place[1])) return false;
    taken.push(place);
    const element = L.DomUtil.create("span", `rasid-name ${kind}`);
    element.textContent = text;
    element.dir = "auto";
    const icon = L.divIcon({ className: "rasid-anchor", html: element, iconSize: [0, 0], iconAnchor: [0, -shift] });
    state.names.addLayer(L.marker([lat, lon], { icon, pane: "names", interactive: false, keyboard: false }));
    return true;
  }

  return { start, draw };
})();
