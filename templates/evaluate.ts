/**
 * Turns Handlebars' syntax tree into closures, checking every node against what is allowed.
 *
 * Interpreted rather than compiled to JavaScript by Handlebars, for three reasons: no code is generated from a
 * customer's text (the page can preview under a strict content security policy), a missing value is known where
 * it is read, and limits are enforced while the text grows.
 */

import { type Frame, fail, maxOutputLength, place, readVariable, simpleName } from './frame.ts'
import { isTruthy } from './helpers/condition.ts'
import type { HelperArgument, HelperHash, HelperValue } from './helpers/helper.ts'
import { blockNames, templateHelpers } from './helpers/helpers.ts'
import { TemplateError } from './parse.ts'

/** A template of 4,000 characters that is meant stays far below; it bounds the work of one rendering. */
const maxNodes = 500
/** Blocks and subexpressions inside one another: nobody reads deeper, and the stack stays small. */
const maxDepth = 10

export type Evaluate = (frame: Frame) => HelperValue

interface Expression {
  strict: Evaluate
  lenient: Evaluate
}

export interface Evaluator {
  /** In order of first appearance. */
  variables: string[]
  write(frame: Frame): string
}

interface Builder {
  variables: Set<string>
  nodes: number
}

/** @throws TemplateError naming the first node that is not allowed */
export function buildEvaluator(program: hbs.AST.Program): Evaluator {
  const builder: Builder = { variables: new Set(), nodes: 0 }
  const write = buildProgram(program, builder, 0)
  return { variables: [...builder.variables], write }
}

type Writer = (frame: Frame) => string

function buildProgram(program: hbs.AST.Program, builder: Builder, depth: number): Writer {
  const pieces = program.body.map(node => buildStatement(node, builder, depth)).filter(piece => piece !== '')
  if (pieces.length === 0) return () => ''
  return frame => {
    let text = ''
    for (const piece of pieces) {
      if (typeof piece === 'string') text += piece
      else text += piece(frame)
      if (text.length > maxOutputLength) {
        fail(frame, 'output-too-long', program, { expected: `at most ${maxOutputLength} characters` })
      }
      if (frame.failure !== null) return ''
    }
    return text
  }
}

function buildStatement(node: hbs.AST.Statement, builder: Builder, depth: number): string | Writer {
  countNode(node, builder, depth)
  if (node.type === 'ContentStatement') return (node as hbs.AST.ContentStatement).value
  if (node.type === 'CommentStatement') return ''
  if (node.type === 'MustacheStatement')
    return buildMustache(node as hbs.AST.MustacheStatement, builder, depth)
  if (node.type === 'BlockStatement') return buildBlock(node as hbs.AST.BlockStatement, builder, depth)
  throw new TemplateError(
    'template-construct-forbidden',
    place(node, node.type),
    'no partial and no decorator',
  )
}

function buildMustache(node: hbs.AST.MustacheStatement, builder: Builder, depth: number): Writer {
  const hasArguments = node.params.length > 0 || node.hash !== undefined
  // Handlebars would call a helper of that name. `{{montant}}` is a column of most files, so it is the variable.
  const { strict } = hasArguments ? buildCall(node, builder, depth) : buildVariable(node.path, builder)
  return frame => {
    const value = strict(frame)
    return typeof value === 'string' ? value : value === null ? '' : String(value)
  }
}

function buildBlock(node: hbs.AST.BlockStatement, builder: Builder, depth: number): Writer {
  const name = simpleName(node.path)
  const block = blockNames.get(name ?? '')
  if (block === undefined) {
    const found = node.path.original ?? ''
    const expected = 'a block if, si, unless or sauf: rows are flat, there is nothing to iterate'
    throw new TemplateError('template-helper-unknown', place(node, found), expected)
  }
  if (node.params.length !== 1 || hasBlockParams(node)) {
    throw new TemplateError('template-helper-arguments', place(node, name!), 'one condition')
  }
  const includeZero = readIncludeZero(node)
  const condition = buildExpression(node.params[0]!, builder, depth + 1).lenient
  const whenTrue = block === 'if' ? node.program : node.inverse
  const whenFalse = block === 'if' ? node.inverse : node.program
  const yes = whenTrue ? buildProgram(whenTrue, builder, depth + 1) : () => ''
  const no = whenFalse ? buildProgram(whenFalse, builder, depth + 1) : () => ''
  return frame => (isTruthy(condition(frame), includeZero) ? yes(frame) : no(frame))
}

function hasBlockParams(node: hbs.AST.BlockStatement): boolean {
  return (node.program?.blockParams ?? []).length > 0 || (node.inverse?.blockParams ?? []).length > 0
}

function readIncludeZero(node: hbs.AST.BlockStatement): boolean {
  let includeZero = false
  for (const pair of node.hash?.pairs ?? []) {
    if (pair.key !== 'includeZero' || pair.value.type !== 'BooleanLiteral') {
      throw new TemplateError(
        'template-helper-arguments',
        place(pair, pair.key),
        'includeZero=true or nothing',
      )
    }
    includeZero = (pair.value as hbs.AST.BooleanLiteral).value
  }
  return includeZero
}

function buildExpression(node: hbs.AST.Expression, builder: Builder, depth: number): Expression {
  countNode(node, builder, depth)
  if (node.type === 'SubExpression') return buildCall(node as hbs.AST.SubExpression, builder, depth)
  if (node.type === 'PathExpression') return buildVariable(node, builder)
  const value = literalValue(node)
  if (value !== undefined) return { strict: () => value, lenient: () => value }
  throw new TemplateError(
    'template-construct-forbidden',
    place(node, node.type),
    'a column name, a text or a number',
  )
}

function literalValue(node: hbs.AST.Node): HelperArgument | undefined {
  if (node.type !== 'StringLiteral' && node.type !== 'NumberLiteral' && node.type !== 'BooleanLiteral')
    return undefined
  return (node as hbs.AST.StringLiteral | hbs.AST.NumberLiteral | hbs.AST.BooleanLiteral).value
}

function buildCall(
  node: hbs.AST.MustacheStatement | hbs.AST.SubExpression,
  builder: Builder,
  depth: number,
): Expression {
  const name = simpleName(node.path)
  const helper = templateHelpers.get(name ?? '')
  if (helper === undefined || name === null) {
    const found = String((node.path as hbs.AST.PathExpression).original ?? '')
    throw new TemplateError('template-helper-unknown', place(node.path, found), `one of ${helperNames}`)
  }
  const count = node.params.length
  if (count < helper.minArguments || count > helper.maxArguments) {
    const expected = `${helper.minArguments} to ${helper.maxArguments} arguments, got ${count}`
    throw new TemplateError('template-helper-arguments', place(node, name), expected)
  }
  const hashPairs = (node.hash?.pairs ?? []).map(pair => {
    if (!helper.hash.includes(pair.key)) {
      const expected = helper.hash.length === 0 ? 'no named argument' : `one of ${helper.hash.join(', ')}`
      throw new TemplateError('template-helper-arguments', place(pair, pair.key), expected)
    }
    return [pair.key, buildExpression(pair.value, builder, depth + 1)] as const
  })
  const args = node.params.map(param => buildExpression(param, builder, depth + 1))
  if (helper.kind === 'form') return helper.build<Frame>(args)

  for (const [position, param] of node.params.entries()) {
    const literal = literalValue(param)
    const expected = literal === undefined ? null : (helper.checkLiteral?.(position, literal) ?? null)
    if (expected !== null)
      throw new TemplateError('template-helper-arguments', place(param, String(literal)), expected)
  }
  const call = (mode: keyof Expression): Evaluate => {
    const evaluators = args.map(arg => arg[mode])
    const named = hashPairs.map(([key, value]) => [key, value[mode]] as const)
    return frame => {
      const values = evaluateAll(evaluators, frame)
      if (values === null) return null
      const hash = named.length === 0 ? noHash : evaluateHash(named, frame)
      if (hash === null) return null
      const result = helper.run(values, frame.context, hash)
      if (typeof result !== 'object') return result === '' ? null : result
      fail(frame, result.code, node, { helper: name, expected: result.expected })
      return null
    }
  }
  return { strict: call('strict'), lenient: call('lenient') }
}

const helperNames = [...templateHelpers.keys()].join(', ')
const noHash: HelperHash = Object.freeze({})

/** @returns null when one is missing; the others are still read so that every missing name is told */
function evaluateAll(evaluators: readonly Evaluate[], frame: Frame): HelperArgument[] | null {
  const values: HelperArgument[] = []
  let isMissing = false
  for (const evaluate of evaluators) {
    const value = evaluate(frame)
    if (value === null) isMissing = true
    else values.push(value)
  }
  return isMissing || frame.failure !== null ? null : values
}

function evaluateHash(named: readonly (readonly [string, Evaluate])[], frame: Frame): HelperHash | null {
  const hash: Record<string, HelperArgument> = {}
  for (const [key, evaluate] of named) {
    const value = evaluate(frame)
    if (value === null) return null
    hash[key] = value
  }
  return hash
}

function buildVariable(node: hbs.AST.Node, builder: Builder): Expression {
  const name = simpleName(node)
  if (name === null) {
    const found = String((node as hbs.AST.PathExpression).original ?? node.type)
    throw new TemplateError('template-path-forbidden', place(node, found), 'the name of one column')
  }
  builder.variables.add(name)
  const lenient: Evaluate = frame => readVariable(frame, name, node)
  const strict: Evaluate = frame => {
    const value = readVariable(frame, name, node)
    if (value === null) {
      if (frame.missing === null) frame.missing = [name]
      else if (!frame.missing.includes(name)) frame.missing.push(name)
    }
    return value
  }
  return { strict, lenient }
}

function countNode(node: hbs.AST.Node, builder: Builder, depth: number): void {
  builder.nodes++
  if (builder.nodes > maxNodes) {
    throw new TemplateError(
      'template-too-complex',
      place(node, ''),
      `at most ${maxNodes} texts, variables and calls`,
    )
  }
  if (depth > maxDepth) {
    throw new TemplateError(
      'template-too-deep',
      place(node, ''),
      `at most ${maxDepth} levels of blocks and calls`,
    )
  }
}
