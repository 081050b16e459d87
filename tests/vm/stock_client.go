// SPDX-License-Identifier: Apache-2.0
// A client of the sockets that owes nothing to this project: Debian's Go implementation of Varlink.
// It asks, starts, follows, is refused and enters, and prints what comes of it, a line each.
//
//	stock-client SOCKET UNIT
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/varlink/go/varlink"
)

const manager = "org.confinit.Manager."

type unitCall struct {
	Unit string `json:"unit"`
}

type enterCall struct {
	Unit    string   `json:"unit"`
	Command []string `json:"command"`
}

func check(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

func connect(socket string) *varlink.Connection {
	connection, err := varlink.NewConnection(context.Background(), "unix:"+socket)
	check("connect", err)
	return connection
}

// Before Linux 6.5 an operator is known by the second such call of a connection only.
func twice(call func() error) error {
	if call() == nil {
		return nil
	}
	return call()
}

func introspect(connection *varlink.Connection) {
	ctx := context.Background()
	var vendor, product, version, url string
	var interfaces []string
	check("GetInfo", connection.GetInfo(ctx, &vendor, &product, &version, &url, &interfaces))
	fmt.Printf("product %s, interfaces %s\n", product, strings.Join(interfaces, " "))
	for _, name := range interfaces {
		text, err := connection.GetInterfaceDescription(ctx, name)
		check("GetInterfaceDescription", err)
		fmt.Printf("%s is described: %t\n", name, strings.Contains(text, "interface "+name))
	}
}

func start(connection *varlink.Connection, unit string) error {
	return twice(func() error {
		return connection.Call(context.Background(), manager+"Start", unitCall{unit}, nil)
	})
}

func follow(connection *varlink.Connection, unit string) {
	ctx := context.Background()
	receive, err := connection.Send(ctx, manager+"Events", map[string][]string{"units": {unit}}, varlink.More)
	check("Events", err)
	var reply struct {
		Events []struct {
			Unit string `json:"unit"`
			Text string `json:"text"`
		} `json:"events"`
	}
	flags, err := receive(ctx, &reply)
	check("Events", err)
	last := reply.Events[len(reply.Events)-1]
	fmt.Printf("%s is %s, and more follows: %t\n", last.Unit, last.Text, flags&varlink.Continues != 0)
}

func enter(connection *varlink.Connection, unit string) {
	ctx := context.Background()
	_ = start(connection, unit)
	receive, err := connection.Upgrade(ctx, manager+"Enter", enterCall{unit, []string{"echo", "through", "frames"}})
	check("Enter", err)
	var reply map[string]interface{}
	_, stream, err := receive(ctx, &reply)
	check("Enter", err)
	// The last frame is the only JSON. Read of this library passes by what it has buffered.
	all, err := stream.ReadBytes(ctx, '}')
	check("read", err)
	isOver := strings.Contains(string(all), `"code":0`)
	fmt.Printf("entered: %t\n", isOver && strings.Contains(string(all), "through frames\n"))
}

func main() {
	socket, unit := os.Args[1], os.Args[2]
	connection := connect(socket)
	introspect(connection)
	check("Start", start(connection, unit))
	fmt.Println("started")
	err := start(connection, "no-such-unit")
	if refused, ok := err.(*varlink.Error); ok {
		fmt.Printf("refused: %s\n", refused.Name)
	}
	follow(connect(socket), unit)
	enter(connect(socket), unit)
}
