module loader

go 1.19

require github.com/joho/godotenv v1.5.1
