// What godotenv reads from the files named on standard input: a line of JSON each.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"github.com/joho/godotenv"
)

func main() {
	files := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	answers.SetEscapeHTML(false)
	for files.Scan() {
		read, err := godotenv.Read(files.Text())
		if err != nil {
			read = nil
		}
		if err := answers.Encode(read); err != nil {
			panic(err)
		}
	}
}
