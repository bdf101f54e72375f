// Checks a Kibana package by package-spec, Elastic's own program for what their package registry takes.
//
//	go run . FOLDER    prints what is wrong, one line each; ends with 1 where something is
package main

import (
	"fmt"
	"os"

	"github.com/elastic/package-spec/v3/code/go/pkg/validator"
)

func main() {
	if err := validator.ValidateFromPath(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
