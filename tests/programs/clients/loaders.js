// What dotenv, its previous major version, and Node itself read from the files named on standard
// input: a line of JSON each, with all three. The argument is the folder with the packages.

const fs = require('fs')
const path = require('path')
const util = require('util')

const modules = process.argv[2]
const packages = ['dotenv', 'dotenv-17'].map((name) => require(path.join(modules, name)))

for (const file of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const content = fs.readFileSync(file)
  const read = packages.map((dotenv) => dotenv.parse(content))
  read.push(util.parseEnv(content.toString()))
  console.log(JSON.stringify(read))
}
