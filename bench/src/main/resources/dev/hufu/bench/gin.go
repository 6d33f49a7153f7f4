// A plain command server as a Go developer writes it: Gin, os/exec, nothing stored. It answers when the command has ended.
package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os/exec"

	"github.com/gin-gonic/gin"
)

type request struct {
	Exec struct {
		Argv []string `json:"argv"`
	} `json:"exec"`
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.POST("/api/v1/runs", func(c *gin.Context) {
		var body request
		if err := c.ShouldBindJSON(&body); err != nil || len(body.Exec.Argv) == 0 {
			c.JSON(http.StatusBadRequest, gin.H{"error": "invalid"})
			return
		}
		command := exec.Command(body.Exec.Argv[0], body.Exec.Argv[1:]...)
		var stdout, stderr bytes.Buffer
		command.Stdout = &stdout
		command.Stderr = &stderr
		err := command.Run()
		code := -1
		if command.ProcessState != nil {
			code = command.ProcessState.ExitCode()
		}
		c.JSON(http.StatusOK, gin.H{"exitCode": code, "stdout": stdout.String(), "stderr": stderr.String(), "error": fmt.Sprint(err)})
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("ready on http://%s\n", listener.Addr())
	panic(http.Serve(listener, router))
}
