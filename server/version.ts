/** The version of the product: that of package.json. */
import packageFile from '../package.json' with { type: 'json' }

export const version: string = packageFile.version
