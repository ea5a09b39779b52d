FROM scratch
COPY redpacket /redpacket
COPY --chown=65532:65532 tmp /tmp
COPY --chown=65532:65532 data /data
USER 65532:65532
ENTRYPOINT ["/redpacket"]
