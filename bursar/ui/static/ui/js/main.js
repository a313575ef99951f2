// What every page does beside htmx, a module a subject.
import "./times.js";
import "./toasts.js";
import "./session.js";
import "./refresh.js";
import "./latest.js";
import "./tables.js";
import "./menu.js";
import "./dialog.js";
import "./clicks.js";
import "./picked.js";
import "./keys.js";
import "./recents.js";
import "./sidebar.js";
import "./tabs.js";
import "./palette.js";
