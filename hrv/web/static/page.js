"use strict";
// Everything here is extra: without it the same forms and pages work by themselves.
const form = document.getElementById("upload");
const work = document.getElementById("work");

if (form) {
  const zone = form.elements.tz;
  if (!zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const dropped = [];
  const told = document.getElementById("dropped");
  const wrong = document.getElementById("upload-wrong");
  document.getElementById("drop-hint").hidden = false;

  const show = () => {
    told.hidden = dropped.length === 0;
    told.querySelector("span").textContent = form.dataset.dropped.replace("{n}", dropped.length);
  };
  told.querySelector("button").addEventListener("click", () => { dropped.length = 0; show(); });

  const walk = async (entry, path) => {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      dropped.push([file, path + entry.name]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (some.length === 0) return;
      for (const inner of some) await walk(inner, path + entry.name + "/");
    }
  };
  addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("over"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("over"); });
  addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
    const files = [...event.dataTransfer.files];
    if (entries.every((entry) => !entry)) for (const file of files) dropped.push([file, file.name]);
    else for (const entry of entries) if (entry) await walk(entry, "");
    show();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    for (const [file, path] of dropped) data.append("files", file, path);
    const button = form.querySelector("button.main");
    const sending = document.getElementById("sending");
    const bar = document.getElementById("sent");
    const text = document.getElementById("sending-text");
    const request = new XMLHttpRequest();
    let tenth = -1;
    const failed = (message, field) => {
      button.disabled = false;
      sending.hidden = true;
      wrong.textContent = message;
      wrong.hidden = false;
      const input = field && form.elements[field];
      if (input) { const fold = input.closest("details"); if (fold) fold.open = true; input.focus(); }
    };
    wrong.hidden = true;
    button.disabled = true;
    sending.hidden = false;
    request.upload.addEventListener("progress", (now) => {
      if (!now.lengthComputable) return;
      bar.value = 100 * now.loaded / now.total;
      const step = Math.floor(bar.value / 10);
      if (step !== tenth) { tenth = step; text.textContent = `${form.dataset.sending}: ${10 * step} %`; }
    });
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { answer = {}; }
      if (answer.location) { text.textContent = form.dataset.sent; location.assign(answer.location); }
      else failed(answer.error || form.dataset.broken, answer.field);
    });
    request.addEventListener("error", () => failed(form.dataset.broken));
    request.open("POST", form.action);
    request.setRequestHeader("X-Token", form.elements.token.value);
    request.send(data);
  });
  addEventListener("pageshow", () => { form.querySelector("button.main").disabled = false; document.getElementById("sending").hidden = true; });
}

if (work) {
  const bar = document.getElementById("progress");
  const stage = document.getElementById("stage");
  const told = document.getElementById("told");
  let last = "";
  // Somebody may be writing below: a new report then waits until it is asked for.
  const writing = () => {
    const field = document.activeElement;
    return work.dataset.ready && field && field.closest("main form") && field.closest("main form") !== work.querySelector("form");
  };
  const ready = () => {
    if (!writing()) { location.reload(); return; }
    const link = document.createElement("a");
    link.href = location.pathname;
    link.className = "button main";
    link.textContent = work.dataset.show;
    told.textContent = work.dataset.ready;
    stage.textContent = work.dataset.ready;
    bar.hidden = true;
    stage.append(" ", link);
  };
  const look = async () => {
    try {
      const answer = await fetch(work.dataset.state, { cache: "no-store" });
      const now = await answer.json();
      if (!answer.ok || (now.state !== "running" && now.state !== "waiting")) { ready(); return; }
      bar.value = now.percent;
      stage.textContent = now.text;
      const said = `${now.text}, ${10 * Math.floor(now.percent / 10)} %`;
      if (said !== last) { last = said; told.textContent = said; }
      setTimeout(look, 700);
    } catch {
      setTimeout(look, 3000);
    }
  };
  setTimeout(look, 400);
}
