// What the pages' modules find in the window beside themselves, and the events that htmx and the server send.

interface HtmxDetail {
  elt: HTMLElement;
  target: HTMLElement;
  xhr: XMLHttpRequest;
  requestConfig: { elt: HTMLElement; verb: string; path: string; formData: FormData };
}

/** What may be decided before it is put into the page. */
interface HtmxAnswer extends HtmxDetail {
  shouldSwap: boolean;
  isError: boolean;
}

interface HTMLElementEventMap {
  "htmx:afterSwap": CustomEvent<HtmxDetail>;
  "htmx:afterSettle": CustomEvent<HtmxDetail>;
  "htmx:beforeSwap": CustomEvent<HtmxAnswer>;
  "htmx:beforeSend": CustomEvent<HtmxDetail>;
  "htmx:beforeRequest": CustomEvent<HtmxDetail>;
  "htmx:afterRequest": CustomEvent<HtmxDetail>;
  "htmx:responseError": CustomEvent<HtmxDetail>;
  "htmx:sendError": CustomEvent<HtmxDetail>;
  toast: CustomEvent<{ text: string; tone?: string; undo?: string; about?: string; on?: string }>;
  changed: CustomEvent<{ ids?: string[] }>;
  "close-dialog": CustomEvent<unknown>;
}

interface Window {
  htmx: {
    ajax(verb: string, path: string, how: Record<string, unknown>): Promise<void>;
    trigger(on: Element, name: string): void;
    process(root: Element): void;
  };
  Chart: { new (on: Element | null, how: unknown): { destroy(): void }; defaults: { font: { family: string } } };
  SwaggerUIBundle: { (how: unknown): void; presets: { apis: unknown } };
  SwaggerUIStandalonePreset: unknown;
}
