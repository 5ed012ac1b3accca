; Before the uninstaller takes the files away: nothing of Tamis is to stay behind that leads to a program which is not there
; any more. At an update the program stays, and so does what it has set.
!macro NSIS_HOOK_PREUNINSTALL
  ${If} $UpdateMode <> 1
    ; Beside a Tamis at work nothing would be touched. Once it has ended, its guard puts the setting back and goes.
    !insertmacro CheckIfAppIsRunning "$INSTDIR\${MAINBINARYNAME}.exe" "${PRODUCTNAME}"
    nsExec::ExecToLog '"$INSTDIR\tamis.exe" cleanup'
    Pop $0
  ${EndIf}
!macroend
