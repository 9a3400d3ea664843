/** The documentation page: one HTML text made of the endpoints, without script and without any other file. */
import { createHash } from 'node:crypto'
import type { RequestHandler } from 'express'
import { type ErrorCode, errorCatalogue } from '../../errors.ts'
import type { Endpoint } from '../endpoint.ts'
import { errorCodesOf, type OpenApiDocument, openApiDocument } from '../openapi.ts'
import { exampleOf } from './example.ts'
import { fieldsOfSchema } from './fields.ts'
import { meaningsFr } from './meanings-fr.ts'
import { type DocsLanguage, type DocsWords, docsWords } from './words.ts'

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid #d0d7de}h3{margin-top:2rem}
code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#f6f8fa;padding:.75rem;overflow:auto;border-radius:6px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #eaeef2}
.method{font-weight:700;text-transform:uppercase}nav a{margin-right:1rem}.quiet{color:#57606a}`

const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** Made once per language, at the first question. */
export function docsPage(endpoints: readonly Endpoint[]): RequestHandler {
  const pages = new Map<DocsLanguage, string>()
  return (request, response) => {
    const language: DocsLanguage = /[?&]lang=fr(?:&|$)/.test(request.url) ? 'fr' : 'en'
    const page = pages.get(language) ?? writePage(endpoints, language)
    pages.set(language, page)
    response.setHeader('Content-Security-Policy', policy)
    response.type('html').send(page)
  }
}

function writePage(endpoints: readonly Endpoint[], language: DocsLanguage): string {
  const words = docsWords[language]
  const document = openApiDocument(endpoints, '')
  const byNoun = Map.groupBy(endpoints, endpoint => endpoint.noun)
  const links = [...byNoun.keys()].map(
    noun => `<a href="#${noun}">${escapeHtml(words.nouns[noun] ?? noun)}</a>`,
  )
  const other = language === 'fr' ? 'en' : 'fr'
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(words.title)}</title><style>${style}</style></head><body>
<h1>${escapeHtml(words.title)}</h1><p>${escapeHtml(words.introduction)}</p>
<p><a href="?lang=${other}">${words.other}</a> · <a href="/api/v1/openapi.json">OpenAPI 3.1</a></p>
<nav>${links.join(' ')}</nav>
<h2>${words.authentication}</h2><p>${escapeHtml(words.authenticationText)}</p>
<pre>Authorization: Bearer rpl_…</pre>
${errorsSection(words, language)}
${[...byNoun].map(([noun, list]) => nounSection(noun, list, document, words)).join('\n')}
</body></html>`
}

function errorsSection(words: DocsWords, language: DocsLanguage): string {
  const rows = Object.entries(errorCatalogue).map(([code, { status, meaning }]) => {
    const said = language === 'fr' ? meaningsFr[code as ErrorCode] : meaning
    return `<tr><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(said)}</td></tr>`
  })
  return `<h2 id="errors">${words.errors}</h2><p>${escapeHtml(words.errorsText)}</p>
<pre>{"error": {"code": "not-found", "details": {"noun": "messages", "id": 7}}}</pre>
<table><tr><th>${words.code}</th><th>${words.status}</th><th>${words.meaning}</th></tr>${rows.join('')}</table>`
}

function nounSection(
  noun: string,
  list: readonly Endpoint[],
  document: OpenApiDocument,
  words: DocsWords,
): string {
  const sections = list.map(endpoint => endpointSection(endpoint, document, words))
  return `<h2 id="${noun}">${escapeHtml(words.nouns[noun] ?? noun)}</h2>${sections.join('\n')}`
}

function endpointSection(endpoint: Endpoint, document: OpenApiDocument, words: DocsWords): string {
  const path = endpoint.path.replace(/:(\w+)/g, '{$1}')
  const operation = document.paths[path]![endpoint.method] as {
    parameters: { name: string; required: boolean; schema: Record<string, unknown> }[]
    requestBody?: { content: { 'application/json': { schema: Record<string, unknown> } } }
  }
  const bodySchema = operation.requestBody?.content['application/json'].schema
  const parameters = operation.parameters.map(({ name, required, schema }) => ({ name, required, schema }))
  const codes = errorCodesOf(endpoint).map(code => `<code>${code}</code>`)
  return `<section><h3><span class="method">${endpoint.method}</span> <code>/api/v1${escapeHtml(path)}</code></h3>
<p>${escapeHtml(endpoint.summary)} <span class="quiet">(${words.scope}${words.colon} <code>${endpoint.scope}</code>)</span></p>
${fieldTable(words.parameters, fieldsOfSchema(parameters, document), words)}
${bodySchema === undefined ? '' : fieldTable(words.body, fieldsOfSchema(bodySchema, document), words)}
<p class="quiet">${words.answers}${words.colon} ${endpoint.status}; ${codes.join(' ')}</p>
<pre>${escapeHtml(exampleOf(endpoint, bodySchema, document))}</pre></section>`
}

function fieldTable(
  heading: string,
  fields: readonly { name: string; isRequired: boolean; shape: string }[],
  words: DocsWords,
): string {
  if (fields.length === 0) return ''
  const rows = fields.map(
    ({ name, isRequired, shape }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${isRequired ? ` <span class="quiet">${words.required}</span>` : ''}</td><td>${escapeHtml(shape)}</td></tr>`,
  )
  return `<table><tr><th>${heading}</th><th>${words.shape}</th></tr>${rows.join('')}</table>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
