/** What a template says whatever the row holds: to look for words that must stand in every message. */
import { simpleName } from './frame.ts'
import { parseTemplate } from './parse.ts'

/** Stands for a value that is not known: a column's value may be anything, most often a number or a name. */
const anyValue = '1'

/**
 * The words of a template in their order, those of every branch of a condition and the texts given to helpers,
 * by place or by name, included: what cannot be found here can only come out of a row.
 *
 * @param known values that do not come from the rows
 * @throws TemplateError
 */
export function fixedTextOf(source: string, known: Readonly<Record<string, string>>): string {
  return textOf(parseTemplate(source), known)
}

function textOf(node: hbs.AST.Node | undefined, known: Readonly<Record<string, string>>): string {
  switch (node?.type) {
    case 'Program':
      return (node as hbs.AST.Program).body.map(each => textOf(each, known)).join('')
    case 'ContentStatement':
      return (node as hbs.AST.ContentStatement).value
    case 'BlockStatement': {
      const { program, inverse } = node as hbs.AST.BlockStatement
      return `${textOf(program, known)} ${textOf(inverse, known)}`
    }
    case 'MustacheStatement':
    case 'SubExpression': {
      const { path, params, hash } = node as hbs.AST.MustacheStatement
      const given = [...params, ...(hash?.pairs ?? []).map(({ value }) => value)]
      const texts = given.map(each => textOf(each, known)).filter(text => text !== anyValue)
      return given.length === 0 ? knownOr(path, known) : [anyValue, ...texts].join(' ')
    }
    case 'PathExpression':
      return knownOr(node, known)
    case 'StringLiteral':
      return (node as hbs.AST.StringLiteral).value
    default:
      return ''
  }
}

function knownOr(path: hbs.AST.Node, known: Readonly<Record<string, string>>): string {
  const name = simpleName(path)
  return name !== null && Object.hasOwn(known, name) ? known[name]! : anyValue
}
